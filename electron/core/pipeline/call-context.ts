import type { ApprovalBroker } from '../approvals/approval-broker.ts';
import type { Grants } from '../approvals/grants.ts';
import type { AskOptions } from '../approvals/waiting-requests.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { LiveOutput } from '../live-output.ts';
import type { Panic } from '../panic/panic.ts';
import type { Policy } from '../policy/policy.ts';
import type { Recordings } from '../ports/recordings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Rates } from '../rate/rates.ts';
import type { RefusalLog } from '../rate/refusal-log.ts';
import type { Store } from '../ports/store.ts';
import type { OpenTasks } from '../tasks/open-tasks.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { Resolution, ToolDefinition, ToolOutput } from '../tools/tool.ts';
import type { CallRecord, Operand, Verdict } from '../../../shared/domain/call.ts';
import type { GrantId } from '../../../shared/domain/grant.ts';
import type { AgentToken, Digest, TaskId, TokenId } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { ChangeSets } from '../changes/change-sets.ts';
import type { TaskLayer, TaskLayers } from '../changes/task-layers.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import type { EffectiveSandbox } from '../../../shared/domain/sandbox.ts';
import type { Target } from '../../../shared/domain/target.ts';
import type { TargetRegistry } from '../targets/target-registry.ts';
import type { TargetSlots } from '../targets/target-slots.ts';
import type { Gate } from './gate.ts';
import type { RunningCalls } from './running-calls.ts';

/** What the gateway hands over: an authenticated agent, a tool's name, and arguments that were parsed strictly and nothing more. */
export interface IncomingCall {
  readonly token: AgentToken;
  readonly tool: string;
  readonly args: unknown;
  /** Aborted when the agent cancels, its token ends, or the gateway stops; the reason is a sentence. */
  readonly signal: AbortSignal;
  readonly connection: AskOptions['connection'];
  /** Tells the agent what the call waits for; the gateway repeats it while the call lasts. */
  reportProgress(message: string): void;
}

/** What goes back to the agent. */
export type CallReply =
  | { readonly kind: 'unknown_tool' }
  | { readonly kind: 'result'; readonly text: string; readonly structured: JsonObject | null; readonly isError: boolean };

export interface PipelineDeps {
  readonly registry: ToolRegistry;
  readonly policy: Policy;
  readonly broker: ApprovalBroker;
  readonly grants: Pick<Grants, 'find' | 'use'>;
  /** Whether the operator alone decides, so that a grant of theirs is enough. */
  readonly decidesAlone: () => boolean;
  readonly store: Store;
  readonly tasks: OpenTasks;
  readonly gate: Gate;
  readonly panic: Pick<Panic, 'since' | 'signal'>;
  readonly rates: Pick<Rates, 'checkCall'>;
  readonly refusals: Pick<RefusalLog, 'count'>;
  readonly running: RunningCalls;
  readonly live: LiveOutput;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly layers: TaskLayers;
  readonly targets: Pick<TargetRegistry, 'get' | 'deniedBecause'>;
  readonly slots: Pick<TargetSlots, 'hasRoom' | 'enter'>;
  readonly changes: Pick<ChangeSets, 'collect'>;
  readonly recordings: Recordings;
  readonly isTokenActive: (id: TokenId) => boolean;
  /** What a command would run in now. */
  readonly confinement: () => EffectiveSandbox;
}

/** A call with everything that step 1 found out about it. Its digest covers all of it. */
export interface ResolvedCall {
  readonly incoming: IncomingCall;
  readonly tool: ToolDefinition;
  readonly resolution: Resolution;
  readonly operands: readonly Operand[];
  /** As it was when the call was made. */
  readonly target: Target;
  readonly layer: TaskLayer;
  readonly record: CallRecord & { readonly digest: Digest; readonly task_id: TaskId; readonly preview: NonNullable<CallRecord['preview']> };
}

/** The end of a call before it ran. `recorded` says that its one terminal event is already in the log. */
export interface Denial {
  readonly outcome: 'denied' | 'expired' | 'cancelled' | 'invalid';
  readonly rule: string;
  readonly reason: string;
  readonly nextStep: string;
  /** After how many milliseconds the same call may be let through; missing: unknown. */
  readonly retryAfterMs?: number;
  readonly isRecorded: boolean;
}

export type Step<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly denial: Denial; readonly record: CallRecord };

/** The yes under which a call runs: an approval to consume, a grant already spent, or none because the rule allows. */
export interface Clearance {
  readonly verdict: Verdict;
  readonly approval: { readonly id: NonNullable<CallRecord['approval_id']>; readonly digest: Digest | null } | null;
  /** The grant that it runs under; it is aborted when that ends. */
  readonly grant: { readonly id: GrantId; readonly signal: AbortSignal } | null;
}

/** A call whose intent is on disk; only this can be executed. */
export interface IntendedCall {
  readonly call: ResolvedCall;
  readonly record: CallRecord;
  readonly profile: string;
  /** Aborted, with a sentence, when the agent cancels, its token ends, the gateway stops, or the grant it runs under ends. */
  readonly signal: AbortSignal;
}

/** What became of a call that was started. */
export interface Execution {
  readonly output: ToolOutput;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled';
  readonly reason: string | null;
  readonly durationMs: number;
  /** SHA-256 of the recording of its output; null when there is none. */
  readonly recording: Digest | null;
  /** What it changed; null when nothing. */
  readonly changes: ChangeSet | null;
}
