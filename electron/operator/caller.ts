/** Who asks on the operator plane. The mount sets it; nothing that a caller sends can. */
export interface Caller {
  readonly channel: 'window' | 'console' | 'command-line';
}

/** Where the operator plane reports what it cannot tell the caller. */
export interface OperatorLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
