import type { Approval, ApprovalDecision, ApprovalState, Channel } from '../../../shared/domain/approval.ts';
import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallRecord, CallOutcome, Verdict } from '../../../shared/domain/call.ts';
import type { ApprovalId, Digest, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { AskedCall } from './asked-call.ts';
import { newApproval } from './new-approval.ts';
import { createNextTries, type NextTries } from './next-tries.ts';

/** What the pipeline gets back. `approved` carries what step 4 consumes; everything else is final for the call. */
export type Decision =
  | { readonly result: 'approved'; readonly approval: { readonly id: ApprovalId; readonly digest: Digest } }
  /** A yes given earlier for this very call (same agent, same call digest); already spent. */
  | { readonly result: 'pregranted'; readonly approval: { readonly id: ApprovalId } }
  | { readonly result: 'denied' | 'expired' | 'cancelled'; readonly approval: { readonly id: ApprovalId }; readonly reason: string }
  /** Not asked: too many requests of this agent are already waiting. */
  | { readonly result: 'refused'; readonly reason: string };

export interface AskOptions {
  /** Aborted with a reason in words when the agent cancels, its token is revoked, or the gateway stops. */
  readonly signal: AbortSignal;
  /** Becomes false when the agent's connection is gone without a cancellation. */
  readonly connection: { isConnected(): boolean; onChange(listener: () => void): () => void };
}

export interface DecideRequest {
  readonly id: ApprovalId;
  /** Must be the stored approval digest; only a denial may leave it out. */
  readonly digest?: Digest | undefined;
  readonly result: 'approved' | 'denied';
  readonly channel: Channel;
  readonly reason: string;
}

export interface DecidedApproval {
  readonly id: ApprovalId;
  readonly state: ApprovalState;
  readonly digest: Digest;
}

/** Puts calls to the operator: bound to the digest, single use, first decision wins (THREATS rules 2 and 3). */
export interface ApprovalBroker {
  ask(call: AskedCall, verdict: Verdict, options: AskOptions): Promise<Decision>;
  /** Errors: `not_found`, `conflict` (wrong digest, not pending, lost race), `expired`. */
  decide(request: DecideRequest): Promise<DecidedApproval>;
  /** A single-use yes for the agent's next identical call, after this request ended without one. Errors as `decide`. */
  pregrant(request: { readonly id: ApprovalId; readonly digest: Digest; readonly channel: Channel }): Promise<DecidedApproval>;
  /** `open`: pending ones, and those a yes can still be given for the next try. Newest first. */
  list(filter: { readonly state: 'pending' | 'open' | 'all'; readonly limit: number }): Promise<readonly Approval[]>;
  get(id: ApprovalId): Promise<Approval>;
  /** Forgets what was granted to a revoked token. */
  revokeToken(token: TokenId): void;
}

export interface ApprovalBrokerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  /** Seconds until a request that nobody answers is denied. */
  readonly timeoutSeconds: () => number;
  readonly isTokenActive: (id: TokenId) => boolean;
}

/** Requests of one agent that may wait at once (F93). */
const maxPendingPerAgent = 8;

interface Waiting {
  readonly approval: Approval;
  readonly call: AskedCall;
  readonly deadline: number;
  readonly connection: AskOptions['connection'];
  resolve(decision: Decision): void;
}

const outcomes = { denied: 'denied', expired: 'expired', cancelled: 'cancelled' } as const satisfies Record<string, CallOutcome>;

export function createApprovalBroker(deps: ApprovalBrokerDeps): ApprovalBroker {
  const { store, clock, bus } = deps;
  const waiting = new Map<ApprovalId, Waiting>();
  /** Requests that are being written: they count against the agent's limit before they can be seen. */
  const starting = new Map<string, number>();
  const nextTries: NextTries = createNextTries(clock);
  const iso = (): string => new Date(clock.now()).toISOString();

  function eventFor(
    type: NewAuditEvent['type'],
    call: AskedCall,
    actor: NewAuditEvent['actor'],
    data: NewAuditEvent['data'],
  ): NewAuditEvent {
    return { type, actor, agent: call.agent, token_id: call.token_id, task_id: call.task_id, call_id: call.id, data };
  }

  /** Writes a decision; true when it won. The event ends the call too, unless it is a yes. */
  async function settle(
    entry: Waiting,
    result: ApprovalDecision['result'],
    by: Pick<ApprovalDecision, 'channel' | 'reason'>,
  ): Promise<boolean> {
    const actor = by.channel === 'gateway' ? 'gateway' : 'operator';
    const decision: ApprovalDecision = { result, by: actor, at: iso(), ...by };
    const { approval, call } = entry;
    const ended: CallRecord | null =
      result === 'approved'
        ? null
        : { ...call, approval_id: approval.id, state: 'finished', outcome: outcomes[result], reason: by.reason, finished_at: decision.at };
    const committed = await store.commit({
      events: [
        eventFor(`approval.${result}`, call, actor, {
          approval_id: approval.id,
          digest: approval.digest,
          rule: approval.rule,
          channel: by.channel,
          reason: by.reason,
        }),
      ],
      changes: [
        { kind: 'approval.decide', id: approval.id, to: result, decision },
        ...(ended === null ? [] : [{ kind: 'call.put' as const, call: ended }]),
      ],
    });
    return committed.ok;
  }

  function finish(entry: Waiting, decision: Decision): void {
    waiting.delete(entry.approval.id);
    entry.resolve(decision);
    bus.changed('approvals');
    bus.changed('calls');
  }

  /** Ends a request without the operator. SECURITY: even if that cannot be written, the answer to the agent is no. */
  async function lapse(entry: Waiting, result: 'expired' | 'cancelled', reason: string): Promise<void> {
    const won = await settle(entry, result, { channel: 'gateway', reason }).catch(() => true);
    if (!won || !waiting.has(entry.approval.id)) return;
    if (deps.isTokenActive(entry.call.token_id)) nextTries.offer(entry.approval, entry.call);
    finish(entry, { result, approval: { id: entry.approval.id }, reason });
  }

  function isOverdue(entry: Waiting): boolean {
    // SECURITY: both clocks must agree that there is time left, so that neither can be turned back to keep a request alive.
    return clock.monotonic() >= entry.deadline || clock.now() >= Date.parse(entry.approval.expires_at);
  }

  function overlay(approval: Approval): Approval {
    const live = waiting.get(approval.id);
    return { ...approval, agent_connected: live?.connection.isConnected() ?? false, ...nextTries.stateOf(approval.id) };
  }

  function pendingOf(agent: string): number {
    const shown = [...waiting.values()].filter((entry) => entry.approval.agent === agent).length;
    return shown + (starting.get(agent) ?? 0);
  }

  /** Why a request that does not wait cannot be decided. */
  async function refusal(id: ApprovalId): Promise<AppError> {
    const stored = await store.approval(id);
    if (stored === null) return new AppError('not_found', `No approval request has the id ${id}.`);
    if (stored.state === 'expired')
      return new AppError(
        'expired',
        'The request has expired and its call was denied. A yes for the agent’s next try: gatehouse approvals pregrant.',
      );
    return new AppError('conflict', `The request is not pending: it is ${stored.state}.`);
  }

  function checkDigest(given: Digest | undefined, approval: Approval): void {
    if (given !== approval.digest)
      throw new AppError(
        'conflict',
        'The digest is not the one of this request. Look at the request again and decide on what it shows now.',
      );
  }

  async function wait(approval: Approval, call: AskedCall, { signal, connection }: AskOptions): Promise<Decision> {
    return await new Promise<Decision>((resolve) => {
      const timeoutMs = deps.timeoutSeconds() * 1000;
      const entry: Waiting = {
        approval,
        call,
        deadline: clock.monotonic() + timeoutMs,
        connection,
        resolve(decision) {
          cancelTimer();
          unsubscribe();
          signal.removeEventListener('abort', onAbort);
          resolve(decision);
        },
      };
      const onAbort = (): void =>
        void lapse(entry, 'cancelled', typeof signal.reason === 'string' ? signal.reason : 'The agent cancelled the call.');
      const cancelTimer = clock.after(
        timeoutMs,
        () => void lapse(entry, 'expired', `Nobody answered in ${deps.timeoutSeconds().toString()} s.`),
      );
      const unsubscribe = connection.onChange(() => {
        bus.changed('approvals');
      });
      waiting.set(approval.id, entry);
      signal.addEventListener('abort', onAbort);
      bus.changed('approvals');
      bus.changed('calls');
      if (signal.aborted) onAbort();
    });
  }

  return {
    async ask(call, verdict, options) {
      const granted = nextTries.take(call);
      if (granted !== null) {
        bus.changed('approvals');
        return { result: 'pregranted', approval: { id: granted } };
      }
      if (pendingOf(call.agent) >= maxPendingPerAgent) {
        return {
          result: 'refused',
          reason: `${maxPendingPerAgent.toString()} requests of this agent are already waiting for the operator. Try again when they are decided.`,
        };
      }
      starting.set(call.agent, (starting.get(call.agent) ?? 0) + 1);
      const approval = newApproval(call, verdict, clock.now(), deps.timeoutSeconds() * 1000);
      try {
        const data = {
          approval_id: approval.id,
          digest: approval.digest,
          call_digest: call.digest,
          tool: call.tool,
          rule: verdict.rule,
          reason: verdict.reason,
          policy_version: verdict.policy_version,
          expires_at: approval.expires_at,
        };
        await store.commit({
          events: [eventFor('approval.requested', call, 'gateway', data)],
          changes: [
            { kind: 'approval.insert', approval },
            { kind: 'call.put', call: { ...call, approval_id: approval.id, state: 'waiting' } },
          ],
        });
      } finally {
        starting.set(call.agent, (starting.get(call.agent) ?? 1) - 1);
      }
      return await wait(approval, { ...call, approval_id: approval.id }, options);
    },

    async decide({ id, digest, result, channel, reason }) {
      const entry = waiting.get(id);
      if (entry === undefined) throw await refusal(id);
      if (result === 'approved' || digest !== undefined) checkDigest(digest, entry.approval);
      if (isOverdue(entry)) {
        await lapse(entry, 'expired', 'Nobody answered in time.');
        throw await refusal(id);
      }
      if (result === 'approved' && !deps.isTokenActive(entry.call.token_id))
        throw new AppError('conflict', 'The agent’s token has ended; the call can no longer be approved.');
      if (!(await settle(entry, result, { channel, reason }))) throw await refusal(id);
      finish(
        entry,
        result === 'approved' ? { result, approval: { id, digest: entry.approval.digest } } : { result, approval: { id }, reason },
      );
      return { id, state: result, digest: entry.approval.digest };
    },

    async pregrant({ id, digest, channel }) {
      const offer = nextTries.offered(id);
      if (offer === null) {
        if (waiting.has(id)) throw new AppError('conflict', 'The request is still pending: approve or deny it.');
        throw await refusal(id);
      }
      checkDigest(digest, offer.approval);
      if (!deps.isTokenActive(offer.call.token_id)) throw new AppError('conflict', 'The agent’s token has ended.');
      await store.commit({
        events: [
          eventFor('approval.pregranted', offer.call, 'operator', { approval_id: id, digest, call_digest: offer.call.digest, channel }),
        ],
        changes: [],
      });
      nextTries.grant(id);
      bus.changed('approvals');
      return { id, state: (await store.approval(id))?.state ?? 'expired', digest };
    },

    async list({ state, limit }) {
      const states: ApprovalState[] = ['pending'];
      const stored = state === 'all' ? await store.approvals({ limit }) : await store.approvals({ states, limit });
      const lapsed = state === 'open' ? await Promise.all(nextTries.ids().map((id) => store.approval(id))) : [];
      return [...stored, ...lapsed.filter((approval) => approval !== null)].map(overlay);
    },

    async get(id) {
      const stored = await store.approval(id);
      if (stored === null) throw new AppError('not_found', `No approval request has the id ${id}.`);
      return overlay(stored);
    },

    revokeToken(token) {
      nextTries.dropToken(token);
    },
  };
}
