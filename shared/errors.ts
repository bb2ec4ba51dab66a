/** Codes of planned failures. They are stable: the command line prints them and scripts match on them. */
export const errorCodes = [
  'invalid_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'expired',
  'unavailable',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * A planned failure. Its message is safe to show to whoever asked: it says what happened, why, and what to do next,
 * and never carries a secret. Anything else that is thrown is a bug, and only an edge turns it into `internal`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
  }
}
