/** A program to start. Nothing is inherited but what stands here. */
export interface RunnerCommand {
  /** An absolute program and its arguments; never a shell's text. */
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Descriptors of ours that the program gets as 3, 4, 5 …, opened anew; every other one is closed. */
  readonly descriptors: readonly { readonly fd: number; readonly access: 'read' | 'write' }[];
  /**
   * Whether the program can ask if it may go on: then 3 and 4 are the ends that a line is read from and written to, and the descriptors
   * follow. One line is answered by one, and only while the program that was started, to which what asks may have bound its life, has not ended.
   */
  readonly gate?: boolean;
  /** Files (`cgroup.procs`) in which the process signs itself in before it becomes the program; it does not run when that fails. */
  readonly groups?: readonly string[];
  /** File mode creation mask; default: the gateway's own, which keeps everything private. */
  readonly umask?: number;
  /** A terminal instead of pipes. */
  readonly tty: boolean;
  /** Whether standard input is a pipe that the handle writes to; otherwise it is empty. A terminal always has one. */
  readonly input?: boolean;
  /**
   * Whether programs with the same `env`, `cwd`, `gate` and `input` follow, so that what they need is made ready before they are asked for. `cwd` is
   * then a folder that nobody replaces. Nothing happens with a terminal.
   */
  readonly ahead?: boolean;
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

/** A program that runs. */
export interface ProgramHandle {
  /** Of the program that was started, in the gateway's own process namespace. */
  readonly pid: number;
  /** Puts text on its standard input; nothing happens without a terminal or `input`. */
  write(text: string): void;
  /** Ends its standard input. */
  end(): void;
  /** Of its terminal; nothing happens without one. */
  resize(columns: number, rows: number): void;
}

export interface RunnerEvents {
  /** Gets what is kept of the output, as it comes. */
  readonly onOutput?: (chunk: string) => void;
  readonly onStarted?: (handle: ProgramHandle) => void;
}

/** Starts programs for adapters that confine them; it confines nothing itself. */
export interface Runner {
  /**
   * Runs to the end. A time limit or an aborted signal kills the process group with SIGKILL.
   * Errors: `unavailable` when the program cannot be started.
   */
  run(command: RunnerCommand, signal: AbortSignal, events?: RunnerEvents): Promise<RunnerResult>;
  /** Kills what still runs and waits for its end. */
  stop(): Promise<void>;
}
