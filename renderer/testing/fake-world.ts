import type { OperationName, OutputOf, ParsedInputOf } from '../../shared/contract/contract.ts';
import type { Approval } from '../../shared/domain/approval.ts';
import type { AuditEvent } from '../../shared/domain/audit.ts';
import type { CallRecord } from '../../shared/domain/call.ts';
import type { Grant } from '../../shared/domain/grant.ts';
import type { DetectedClient, GatewayStatus } from '../../shared/domain/host.ts';
import type { Settings } from '../../shared/domain/settings.ts';
import type { FakeChange } from './fake-changes.ts';
import type { FakePrograms } from './fake-programs.ts';

/** Everything the fake gateway knows. Tests change it and then call `push`. */
export interface FakeWorld {
  status: GatewayStatus;
  approvals: Approval[];
  grants: Grant[];
  /** Whether something on the machine tells of a locked screen. */
  tellsLock: boolean;
  calls: CallRecord[];
  programs: FakePrograms;
  changes: FakeChange[];
  /** Paths that undoing refuses, with why. */
  undoRefuses: Readonly<Record<string, string>>;
  events: AuditEvent[];
  tokens: OutputOf<'tokens.list'>['tokens'];
  clients: DetectedClient[];
  settings: Settings;
  /** What another program put on disk. */
  heldSettings: Settings | null;
  policy: OutputOf<'policy.get'>;
  /** Operations that fail, with what they say. */
  failures: Partial<Record<OperationName, { readonly code: string; readonly message: string }>>;
  /** Milliseconds that the try-out takes at each step. */
  tryoutMs: number;
}

/** One answer for every operation of the contract. */
export type Handlers = { readonly [Name in OperationName]: (input: ParsedInputOf<Name>) => OutputOf<Name> | Promise<OutputOf<Name>> };
