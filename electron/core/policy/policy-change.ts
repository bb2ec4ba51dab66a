import type { PolicyProblem } from '../../../shared/domain/policy.ts';

/** Through which of the operator's own doors a change came. */
export type PolicyChannel = 'window' | 'console' | 'command-line' | 'approval';

/** What a save did, or would do. */
export interface PolicyChange {
  /** Whether every check passed; otherwise nothing was written. */
  readonly ok: boolean;
  readonly problems: readonly PolicyProblem[];
  readonly text: string;
  /** From the text in force. */
  readonly diff: string;
  /** Of the text in force before. */
  readonly before: string;
  readonly version: string;
  readonly rules: number;
}
