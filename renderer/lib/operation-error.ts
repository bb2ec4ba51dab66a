import type { WireError } from '../../shared/contract/contract.ts';

/** A failed operator call. The message is the gateway's own and safe to show. */
export class OperationError extends Error {
  readonly code: string;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'OperationError';
    this.code = error.code;
  }
}

/** What to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The call failed and gave no reason.';
}
