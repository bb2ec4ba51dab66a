import type { Approval, ApprovalDecision, ApprovalState, Channel } from '../../../shared/domain/approval.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { ApprovalId, Digest, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Rates } from '../rate/rates.ts';
import { retryStep } from '../rate/retry-step.ts';
import type { AskedCall } from './asked-call.ts';
import { decideWaiting, notWaiting, wrongDigest } from './decide-waiting.ts';
import { needsOutside, notConfigured, whyNotCounted, type DeciderRules } from './decider-rules.ts';
import { newApproval } from './new-approval.ts';
import { createNextTries, type NextTries } from './next-tries.ts';
import { callEvent, settleApproval } from './settle-approval.ts';
import {
  createWaiting,
  type AskOptions,
  type DecidedApproval,
  type DecideRequest,
  type Decision,
  type Waiting,
} from './waiting-requests.ts';

/** A request as deciders outside get it. `ended` is aborted with a sentence when it no longer waits. */
export interface PutRequest {
  readonly approval: Approval;
  readonly call: AskedCall;
  readonly ended: AbortSignal;
}

/** Puts calls to the operator: bound to the digest, single use, first decision wins (THREATS rules 2 and 3). */
export interface ApprovalBroker {
  ask(call: AskedCall, verdict: Verdict, options: AskOptions): Promise<Decision>;
  /** Errors: `not_found`, `conflict` (wrong digest, not pending, lost race, not a decider in this mode), `expired`. */
  decide(request: DecideRequest): Promise<DecidedApproval>;
  /** A single-use yes for the agent's next identical call, after this request ended without one. Errors as `decide`. */
  pregrant(request: { readonly id: ApprovalId; readonly digest: Digest; readonly channel: Channel }): Promise<DecidedApproval>;
  /** `open`: pending ones, and those a yes can still be given for the next try. Newest first. */
  list(filter: { readonly state: 'pending' | 'open' | 'all'; readonly limit: number }): Promise<readonly Approval[]>;
  get(id: ApprovalId): Promise<Approval>;
  /** Told of each request once it waits. */
  onPut(listener: (request: PutRequest) => void): () => void;
  /** Forgets what was granted to a revoked token. */
  revokeToken(token: TokenId): void;
  /** Ends whatever waits, and every yes for a next try. Answers how many waited. */
  cancelAll(reason: string): Promise<number>;
  /** Forgets every yes given for a next try: the operator is not there any more. */
  dropNextTries(): void;
}

export interface ApprovalBrokerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly rules: DeciderRules;
  /** How often an agent may ask. */
  readonly rates: Pick<Rates, 'checkPrompt'>;
  /** Seconds until a request that nobody answers is denied. */
  readonly timeoutSeconds: () => number;
  readonly isTokenActive: (id: TokenId) => boolean;
}

/** Requests of one agent that may wait at once (F93). */
const maxPendingPerAgent = 8;

export function createApprovalBroker(deps: ApprovalBrokerDeps): ApprovalBroker {
  const { store, clock, bus, rules } = deps;
  const waiting = new Map<ApprovalId, Waiting>();
  const listeners = new Set<(request: PutRequest) => void>();
  /** Requests that are being written: they count against the agent's limit before they can be seen. */
  const starting = new Map<string, number>();
  const nextTries: NextTries = createNextTries(clock);
  const iso = (): string => new Date(clock.now()).toISOString();

  function finish(entry: Waiting, decision: Decision): void {
    waiting.delete(entry.approval.id);
    entry.resolve(decision);
    bus.changed('approvals');
    bus.changed('calls');
  }

  /** Ends a request without the operator. SECURITY: even if that cannot be written, the answer to the agent is no. */
  async function lapse(entry: Waiting, result: 'expired' | 'cancelled', reason: string): Promise<void> {
    const decision: ApprovalDecision = { result, by: 'gateway', channel: 'gateway', at: iso(), reason };
    const won = await settleApproval(store, entry, decision).catch(() => true);
    if (!won || !waiting.has(entry.approval.id)) return;
    // SECURITY: the operator's yes for the next try would be the only one; where another is needed there is none.
    if (deps.isTokenActive(entry.call.token_id) && !needsOutside(entry.mode)) nextTries.offer(entry.approval, entry.call);
    finish(entry, { result, approval: { id: entry.approval.id }, reason });
  }

  function overlay(approval: Approval): Approval {
    const live = waiting.get(approval.id);
    const endorsed = live === undefined || live.endorsed.size === 0 ? {} : { endorsed: [...live.endorsed.values()] };
    return { ...approval, agent_connected: live?.connection.isConnected() ?? false, ...nextTries.stateOf(approval.id), ...endorsed };
  }

  function pendingOf(agent: string): number {
    const shown = [...waiting.values()].filter((entry) => entry.approval.agent === agent).length;
    return shown + (starting.get(agent) ?? 0);
  }

  /** F42: where only somebody outside could say yes and nobody is there, the answer is no at once. */
  async function unreachable(): Promise<Decision | null> {
    if (!needsOutside(rules.mode()) || (await rules.hasOutside())) return null;
    return {
      result: 'refused',
      rule: 'builtin:no-decider',
      reason: notConfigured,
      nextStep: 'The operator must configure deciders.webhook.url, or choose another approvals.mode.',
    };
  }

  function crowded(call: AskedCall): Decision | null {
    if (pendingOf(call.agent) < maxPendingPerAgent) return null;
    return {
      result: 'refused',
      rule: 'builtin:too-many-waiting',
      reason: `${maxPendingPerAgent.toString()} requests of this agent are already waiting for the operator. Try again when they are decided.`,
      nextStep: 'Wait, then try again.',
    };
  }

  function tooOften(call: AskedCall): Decision | null {
    const tooSoon = deps.rates.checkPrompt(call);
    if (tooSoon === null) return null;
    const nextStep = retryStep(tooSoon.retryAfterMs);
    return { result: 'refused', rule: 'builtin:rate', ...tooSoon, nextStep, isCounted: true };
  }

  /** SECURITY: what runs unasked is in the log before it does (F43). */
  async function skip(call: AskedCall, verdict: Verdict): Promise<Decision> {
    const data = { tool: call.tool, risk: call.risk, call_digest: call.digest, rule: verdict.rule, reason: 'approval disabled' };
    await store.commit({ events: [callEvent('approval.skipped', call, 'gateway', data)], changes: [] });
    return { result: 'skipped' };
  }

  async function record(call: AskedCall, verdict: Verdict, approval: Approval): Promise<void> {
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
      events: [callEvent('approval.requested', call, 'gateway', data)],
      changes: [
        { kind: 'approval.insert', approval },
        { kind: 'call.put', call: { ...call, approval_id: approval.id, state: 'waiting' } },
      ],
    });
  }

  async function put(call: AskedCall, verdict: Verdict, options: AskOptions): Promise<Decision> {
    const timeoutS = deps.timeoutSeconds();
    const mode = rules.mode();
    const approval = newApproval(call, verdict, clock.now(), timeoutS * 1000);
    starting.set(call.agent, (starting.get(call.agent) ?? 0) + 1);
    try {
      await record(call, verdict, approval);
    } finally {
      starting.set(call.agent, (starting.get(call.agent) ?? 1) - 1);
    }
    const asked = { ...call, approval_id: approval.id };
    const { entry, decision } = createWaiting({ approval, call: asked, mode, timeoutMs: timeoutS * 1000 }, options, clock, {
      onTimeout: (late) => void lapse(late, 'expired', `Nobody answered in ${timeoutS.toString()} s.`),
      onAbort: (gone, reason) => void lapse(gone, 'cancelled', reason),
      onChanged: () => bus.changed('approvals'),
    });
    waiting.set(approval.id, entry);
    bus.changed('approvals');
    bus.changed('calls');
    for (const listener of listeners) listener({ approval, call: asked, ended: entry.ended });
    return await decision;
  }

  return {
    async ask(call, verdict, options) {
      if (!rules.isEnabled()) return await skip(call, verdict);
      const granted = nextTries.take(call);
      if (granted !== null) {
        bus.changed('approvals');
        return { result: 'pregranted', approval: { id: granted } };
      }
      return (await unreachable()) ?? crowded(call) ?? tooOften(call) ?? (await put(call, verdict, options));
    },

    async decide(request) {
      const entry = waiting.get(request.id);
      if (entry === undefined) throw await notWaiting(store, request.id);
      return await entry.inTurn(
        async () => await decideWaiting({ ...deps, isWaiting: (id) => waiting.has(id), lapse, finish }, entry, request),
      );
    },

    async pregrant({ id, digest, channel }) {
      const offer = nextTries.offered(id);
      if (offer === null) {
        if (waiting.has(id)) throw new AppError('conflict', 'The request is still pending: approve or deny it.');
        throw await notWaiting(store, id);
      }
      if (digest !== offer.approval.digest) throw wrongDigest();
      if (!deps.isTokenActive(offer.call.token_id)) throw new AppError('conflict', 'The agent’s token has ended.');
      const why = needsOutside(rules.mode())
        ? 'Requests need a yes from outside (approvals.mode).'
        : whyNotCounted('window', channel, 'approved');
      if (why !== null) throw new AppError('conflict', why);
      const data = { approval_id: id, digest, call_digest: offer.call.digest, channel };
      await store.commit({ events: [callEvent('approval.pregranted', offer.call, 'operator', data)], changes: [] });
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

    onPut(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    revokeToken(token) {
      nextTries.dropToken(token);
    },

    async cancelAll(reason) {
      const all = [...waiting.values()];
      nextTries.clear();
      await Promise.all(all.map(async (entry) => await lapse(entry, 'cancelled', reason)));
      return all.length;
    },

    dropNextTries() {
      nextTries.clear();
      bus.changed('approvals');
    },
  };
}
