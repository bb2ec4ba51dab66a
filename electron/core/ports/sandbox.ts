import type { SandboxTrial } from '../../../shared/domain/host.ts';
import type { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import type { EgressEvent } from './egress.ts';
import type { LayerView } from './layers.ts';
import type { ProgramHandle, RunnerResult } from './runner.ts';

/** How the workspaces appear: as a task's layer; as they are, unchangeable; or, for folders of the gateway's own making only, as they are and writable. */
export type WorkspaceMount =
  { readonly kind: 'layer'; readonly view: LayerView } | { readonly kind: 'read-only' } | { readonly kind: 'scratch' };

/** One command to run confined. Everything it may see is named here; nothing is inherited. */
export interface SandboxCommand {
  /** argv[0] is looked up inside the sandbox. */
  readonly argv: readonly string[];
  /** Absolute, inside `workspaces`. */
  readonly cwd: string;
  /** Appear at their own absolute paths; checked again right before they are mounted. */
  readonly workspaces: readonly string[];
  readonly mount: WorkspaceMount;
  /** What it sees and may use. */
  readonly profile: SandboxProfile;
  /** Added to the environment that the sandbox itself makes. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Bytes of combined output that are kept; the rest is read and dropped, never buffered. */
  readonly outputLimit: number;
  readonly tty: boolean;
  /** Descriptor of a network namespace of an earlier command of the same task, to share its loopback; null: one of its own. */
  readonly network: number | null;
}

/** A confined command that runs. */
export interface SandboxHandle extends ProgramHandle {
  /** Opens the command's network namespace, for a later command to share. Null where there is none. The caller closes it. */
  openNetwork(): Promise<{ readonly fd: number; close(): Promise<void> } | null>;
}

export interface SandboxEvents {
  readonly onOutput?: (chunk: string) => void;
  readonly onStarted?: (handle: SandboxHandle) => void;
  /** Each host that the command tried to reach, and what became of it. */
  readonly onEgress?: (event: EgressEvent) => void;
}

/** How a confined command ended, and what it printed. `limit` names what it was killed for going over. */
export type SandboxResult = RunnerResult & { readonly limit?: 'memory' | 'processes' | 'disk' };

/** Where commands run. Without a working one, commands are refused; there is no bare fallback. */
export interface Sandbox {
  /** Tries a real sandboxed process and escapes; call it at start and on demand. */
  probe(): Promise<SandboxTrial>;
  /** The last probe's answer. */
  status(): SandboxTrial;
  /** Errors: `unavailable` when the last probe failed, `forbidden` when the command is not one that may run here. Aborting the signal kills every process of the command. */
  run(command: SandboxCommand, signal: AbortSignal, events?: SandboxEvents): Promise<SandboxResult>;
  stop(): Promise<void>;
}
