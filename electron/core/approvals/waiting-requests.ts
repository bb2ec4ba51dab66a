import type { Approval, ApprovalState, Channel } from '../../../shared/domain/approval.ts';
import type { ApprovalMode } from '../../../shared/domain/deciders.ts';
import type { ApprovalId, Digest } from '../../../shared/domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { AskedCall } from './asked-call.ts';
import type { Side } from './decider-rules.ts';

/** What the pipeline gets back. `approved` carries what step 4 consumes; everything else is final for the call. */
export type Decision =
  | { readonly result: 'approved'; readonly approval: { readonly id: ApprovalId; readonly digest: Digest } }
  /** A yes given earlier for this very call (same agent, same call digest); already spent. */
  | { readonly result: 'pregranted'; readonly approval: { readonly id: ApprovalId } }
  /** Nobody was asked: the operator turned approval off, and the log says so. */
  | { readonly result: 'skipped' }
  | { readonly result: 'denied' | 'expired' | 'cancelled'; readonly approval: { readonly id: ApprovalId }; readonly reason: string }
  /** Not asked, and denied: too many requests of this agent are already waiting, or nobody could approve. */
  | {
      readonly result: 'refused';
      readonly rule: string;
      readonly reason: string;
      readonly nextStep: string;
      readonly retryAfterMs?: number;
      /** It is in the log already, as one of many; it gets no event of its own. */
      readonly isCounted?: true;
    };

export interface AskOptions {
  /** Aborted with a reason in words when the agent cancels, its token is revoked, or the gateway stops. */
  readonly signal: AbortSignal;
  /** Becomes false when the agent's connection is gone without a cancellation. */
  readonly connection: { isConnected(): boolean; onChange(listener: () => void): () => void };
}

export interface DecideRequest {
  readonly id: ApprovalId;
  /** Must be the stored approval digest; only a denial by the operator may leave it out. */
  readonly digest?: Digest | undefined;
  readonly result: 'approved' | 'denied';
  readonly channel: Channel;
  readonly reason: string;
  /** Who answered on the channel; `operator` unless told. */
  readonly by?: string | undefined;
}

export interface DecidedApproval {
  readonly id: ApprovalId;
  /** `pending` after one of the two yeses that `both-required` needs. */
  readonly state: ApprovalState;
  readonly digest: Digest;
}

/** One side's yes while the other is missing. */
export interface Endorsement {
  readonly channel: Channel;
  readonly by: string;
  readonly at: string;
}

/** A request that waits, in memory only: nothing pending survives a restart. */
export interface Waiting {
  readonly approval: Approval;
  readonly call: AskedCall;
  /** The mode under which it was put; a later change of the setting does not loosen it. */
  readonly mode: ApprovalMode;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly connection: AskOptions['connection'];
  readonly endorsed: ReadonlyMap<Side, Endorsement>;
  /** Aborted with a sentence when it no longer waits, however that came. */
  readonly ended: AbortSignal;
  endorse(side: Side, endorsement: Endorsement): void;
  /** Runs decisions about this request one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  resolve(decision: Decision): void;
}

export interface WaitingHooks {
  onTimeout(entry: Waiting): void;
  onAbort(entry: Waiting, reason: string): void;
  onChanged(): void;
}

export interface NewWaiting {
  readonly approval: Approval;
  readonly call: AskedCall;
  readonly mode: ApprovalMode;
  readonly timeoutMs: number;
}

/** Makes the entry, and the promise that its call waits for. */
export function createWaiting(
  { approval, call, mode, timeoutMs }: NewWaiting,
  { signal, connection }: AskOptions,
  clock: Clock,
  hooks: WaitingHooks,
): { readonly entry: Waiting; readonly decision: Promise<Decision> } {
  const endorsed = new Map<Side, Endorsement>();
  const ending = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  let settle: (decision: Decision) => void = () => undefined;
  const decision = new Promise<Decision>((resolve) => {
    settle = resolve;
  });
  const onAbort = (): void => hooks.onAbort(entry, typeof signal.reason === 'string' ? signal.reason : 'The agent cancelled the call.');
  const entry: Waiting = {
    approval,
    call,
    mode,
    deadline: clock.monotonic() + timeoutMs,
    connection,
    endorsed,
    ended: ending.signal,
    endorse: (side, endorsement) => void endorsed.set(side, endorsement),
    async inTurn(work) {
      const mine = turn.then(work, work);
      turn = mine.catch(() => undefined);
      return await mine;
    },
    resolve(result) {
      cancelTimer();
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      ending.abort(`The request is over: ${result.result}.`);
      settle(result);
    },
  };
  const cancelTimer = clock.after(timeoutMs, () => hooks.onTimeout(entry));
  const unsubscribe = connection.onChange(() => hooks.onChanged());
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) queueMicrotask(onAbort);
  return { entry, decision };
}
