import type { ErrorCode } from '../../../shared/errors.ts';
import type { Store } from '../../core/ports/store.ts';
import type { TimedUnit } from './group-commit.ts';
import type { PermissionRepair } from './private-files.ts';

/** What the thread answers by its name in the port. */
export type QueryName = Exclude<keyof Store, 'start' | 'stop' | 'commit'>;

export type StoreRequest =
  | { readonly kind: 'commit'; readonly id: number; readonly unit: TimedUnit['unit']; readonly time: string }
  | { readonly kind: 'query'; readonly id: number; readonly name: QueryName; readonly args: readonly unknown[] }
  | { readonly kind: 'stop' };

/** Errors do not survive the way between threads with their class. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}

export type StoreReply =
  | { readonly kind: 'ready'; readonly repairs: readonly PermissionRepair[] }
  | { readonly kind: 'refused'; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'degraded'; readonly reason: string | null }
  | { readonly kind: 'stopped' };

export interface StoreWorkerData {
  readonly dataDir: string;
}
