import type { SandboxStatus } from '../../../shared/domain/host.ts';
import type { RunnerResult } from './runner.ts';

/** One command to run confined. Everything it may see is named here; nothing is inherited. */
export interface SandboxCommand {
  /** argv[0] is looked up inside the sandbox. */
  readonly argv: readonly string[];
  /** Absolute, inside `workspaces`. */
  readonly cwd: string;
  /** Mounted at their own absolute paths; checked again right before they are mounted. */
  readonly workspaces: readonly string[];
  /** Whether the workspaces can only be read. */
  readonly readOnly: boolean;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Bytes of combined output that are kept; the rest is read and dropped, never buffered. */
  readonly outputLimit: number;
  readonly tty: boolean;
}

/** How a confined command ended, and what it printed. */
export type SandboxResult = RunnerResult;

/** Where commands run. Without a working one, commands are refused; there is no bare fallback. */
export interface Sandbox {
  /** Tries a real sandboxed process and an escape; call it at start and on demand. */
  probe(): Promise<SandboxStatus>;
  /** The last probe's answer. */
  status(): SandboxStatus;
  /** Errors: `unavailable` when the last probe failed. Aborting the signal kills every process of the command. */
  run(command: SandboxCommand, signal: AbortSignal, onOutput?: (chunk: string) => void): Promise<SandboxResult>;
  stop(): Promise<void>;
}
