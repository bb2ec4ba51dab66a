/** A program to start. Nothing is inherited but what stands here. */
export interface RunnerCommand {
  /** An absolute program and its arguments; never a shell's text. */
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Descriptors of ours that the program gets as 3, 4, 5 …, opened anew; every other one is closed. */
  readonly descriptors: readonly { readonly fd: number; readonly access: 'read' | 'write' }[];
  /** A terminal instead of pipes. */
  readonly tty: boolean;
  readonly timeoutMs: number;
  /** Bytes of combined output that are kept; the rest is read, counted and dropped. */
  readonly outputLimit: number;
}

export interface RunnerResult {
  readonly exit:
    | { readonly kind: 'exited'; readonly code: number }
    | { readonly kind: 'signalled'; readonly signal: string }
    | { readonly kind: 'timed_out' }
    | { readonly kind: 'aborted' };
  /** stdout and stderr in the order they came, invalid UTF-8 replaced, at most `outputLimit` bytes. */
  readonly output: string;
  readonly outputBytes: number;
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** Starts programs for adapters that confine them; it confines nothing itself. */
export interface Runner {
  /**
   * Runs to the end. A time limit or an aborted signal kills the process group with SIGKILL. `onOutput` gets what is kept, as it comes.
   * Errors: `unavailable` when the program cannot be started.
   */
  run(command: RunnerCommand, signal: AbortSignal, onOutput?: (chunk: string) => void): Promise<RunnerResult>;
  /** Kills what still runs and waits for its end. */
  stop(): Promise<void>;
}
