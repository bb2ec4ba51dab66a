import type { AgentName, CallId, TaskId, TokenId } from '../../../shared/domain/identity.ts';
import type { LayerView } from '../ports/layers.ts';
import type { SandboxEvents, SandboxResult } from '../ports/sandbox.ts';

/** A command to leave running in its task's sandbox. */
export interface NewJob {
  readonly task: TaskId;
  readonly token: TokenId;
  /** When its token ends, and it with it. */
  readonly expiresAt: string;
  readonly agent: AgentName;
  readonly call: CallId;
  readonly command: string;
  /** Runs it in this view; null where it runs without a layer. */
  readonly run: (signal: AbortSignal, view: LayerView | null, events: SandboxEvents) => Promise<SandboxResult>;
}
