import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { Grant, GrantId } from '../../../shared/domain/grant.ts';
import type { ApprovalId, TaskId, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { JsonObject } from '../../../shared/json.ts';
import type { ChangeBus } from '../change-bus.ts';
import { randomId } from '../identity/random-id.ts';
import { compileRule } from '../policy/compiled-rules.ts';
import type { PolicyInput } from '../policy/policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { AskedCall } from './asked-call.ts';

const minute = 60_000;
const lengths = { '15m': 15 * minute, '1h': 60 * minute } as const;
/** How often living grants are looked at, so that one ends while an operation runs under it. Milliseconds. */
const sweepMs = 1000;
/** Milliseconds by which the two clocks may differ over a grant's life before one of them counts as turned, or the machine as having slept. */
const toleranceMs = 10_000;
/** The most grants at once; more than an operator could look through. */
const maxGrants = 200;

/** Why a grant ended, as the log says it. */
export type GrantEnd = 'expired' | 'clock' | 'locked' | 'idle' | 'quit' | 'revoked' | 'token' | 'task' | 'panic';

const reasons: Record<GrantEnd, string> = {
  expired: 'The time of the grant it ran under is over.',
  clock: 'The clock of this machine was changed or it slept, so the grant it ran under ended.',
  locked: 'The screen was locked, which ends grants.',
  idle: 'Nobody has been at this machine for a while, which ends grants.',
  quit: 'Gatehouse quits, which ends grants.',
  revoked: 'The operator ended the grant it ran under.',
  token: 'The token of the grant it ran under was revoked.',
  task: 'The task of the grant it ran under has ended.',
  panic: 'Everything was stopped.',
};

/** A grant that covers a call; the signal aborts, with a sentence, when the grant ends. */
export interface GrantInUse {
  readonly grant: Grant;
  readonly signal: AbortSignal;
}

export type NewGrant = Pick<Grant, 'effect' | 'sentence' | 'rule' | 'call_digest' | 'duration' | 'channel'> & {
  readonly approval_id: ApprovalId;
  readonly call: AskedCall;
};

/**
 * Remembered decisions with an end: not renewed by use, true only while both clocks agree that there is time left, in memory only, so that nothing
 * outlives a restart (F51).
 */
export interface Grants {
  /** Errors: `conflict` when there are too many, `invalid_input` when the rule does not compile, `unavailable` when it cannot be recorded. */
  give(request: NewGrant): Promise<Grant>;
  /** The grant that decides this call, a refusal before a yes; null when none does. */
  find(call: AskedCall, input: PolicyInput): GrantInUse | null;
  /** Counts one use. */
  use(id: GrantId): void;
  /** Newest first. */
  list(): readonly Grant[];
  /** Errors: `not_found`. */
  revoke(id: GrantId, channel: string): Promise<Grant>;
  end(which: { readonly token?: TokenId; readonly task?: TaskId } | 'all', why: GrantEnd): void;
}

export interface GrantsDeps {
  readonly clock: Clock;
  readonly store: Pick<Store, 'commit'>;
  readonly bus: ChangeBus;
  readonly home: string;
  readonly isTokenActive: (id: TokenId) => boolean;
  /** For an end that could not be recorded; the grant has ended all the same. */
  readonly onError: (message: string, error: unknown) => void;
}

interface Living {
  grant: Grant;
  readonly matches: (input: PolicyInput) => boolean;
  readonly ending: AbortController;
  readonly born: { readonly wall: number; readonly monotonic: number };
}

export function createGrants(deps: GrantsDeps): Grants {
  const { clock, store, bus } = deps;
  const living = new Map<GrantId, Living>();
  let cancelSweep: (() => void) | null = null;

  const iso = (ms: number): string => new Date(ms).toISOString();

  function event(type: 'grant.given' | 'grant.ended', grant: Grant, data: NewAuditEvent['data']): NewAuditEvent {
    const { effect, rule, duration, approval_id, expires_at, call_digest } = grant;
    const about = { grant_id: grant.id, effect, rule, duration, approval_id, expires_at, call_digest };
    const actor = data['why'] === undefined || data['why'] === 'revoked' ? 'operator' : 'gateway';
    const agent = rule.agents?.[0] ?? null;
    return {
      type,
      actor,
      agent,
      token_id: grant.token_id,
      task_id: grant.task_id,
      call_id: null,
      data: JsonObject.parse({ ...about, ...data }),
    };
  }

  /** Why it has ended by itself, or null while it lives. */
  function endOf({ grant, born }: Living): GrantEnd | null {
    if (!deps.isTokenActive(grant.token_id)) return 'token';
    if (grant.duration === 'task' || grant.duration === 'until-quit') return null;
    const [wall, monotonic] = [clock.now() - born.wall, clock.monotonic() - born.monotonic];
    const length = lengths[grant.duration];
    // SECURITY: neither clock can be turned to lengthen it, and where they disagree nobody knows what time it is.
    if (wall >= length || monotonic >= length) return 'expired';
    return Math.abs(wall - monotonic) > toleranceMs || !Number.isFinite(wall) ? 'clock' : null;
  }

  async function finish(entry: Living, why: GrantEnd, channel: string | null): Promise<void> {
    if (!living.delete(entry.grant.id)) return;
    entry.ending.abort(reasons[why]);
    bus.changed('grants');
    const { uses } = entry.grant;
    await store.commit({ events: [event('grant.ended', entry.grant, { why, uses, channel })], changes: [] });
  }

  function finishQuietly(entry: Living, why: GrantEnd): void {
    finish(entry, why, null).catch((error: unknown) =>
      deps.onError(`The end of the grant ${entry.grant.id} could not be recorded.`, error),
    );
  }

  function sweep(): void {
    for (const entry of [...living.values()]) {
      const why = endOf(entry);
      if (why !== null) finishQuietly(entry, why);
    }
    cancelSweep = living.size === 0 ? null : clock.after(sweepMs, sweep);
  }

  /** SECURITY: a refusal counts before a yes, whichever was given first. */
  function find(call: AskedCall, input: PolicyInput): Living | null {
    sweepNow();
    const covering = [...living.values()].filter(
      ({ grant, matches }) =>
        grant.token_id === call.token_id &&
        (grant.task_id === null || grant.task_id === call.task_id) &&
        (grant.call_digest === null || grant.call_digest === call.digest) &&
        matches(input),
    );
    return covering.find(({ grant }) => grant.effect === 'deny') ?? covering[0] ?? null;
  }

  function sweepNow(): void {
    cancelSweep?.();
    sweep();
  }

  return {
    async give({ call, ...request }) {
      if (living.size >= maxGrants) throw new AppError('conflict', `${maxGrants.toString()} grants are in force. End some of them first.`);
      const compiled = compileRule(request.rule, deps.home);
      if (!compiled.ok)
        throw new AppError('invalid_input', `The grant's rule does not hold: ${compiled.problems[0]?.message ?? 'unknown'}.`);
      const born = { wall: clock.now(), monotonic: clock.monotonic() };
      const { duration } = request;
      const grant: Grant = {
        id: randomId('gnt', 16) as GrantId,
        ...request,
        token_id: call.token_id,
        task_id: duration === 'task' ? call.task_id : null,
        created_at: iso(born.wall),
        expires_at: duration === '15m' || duration === '1h' ? iso(born.wall + lengths[duration]) : null,
        uses: 0,
        last_used_at: null,
      };
      // What cannot be recorded does not happen.
      await store.commit({ events: [event('grant.given', grant, { channel: request.channel, sentence: request.sentence })], changes: [] });
      living.set(grant.id, { grant, matches: compiled.matches, ending: new AbortController(), born });
      sweepNow();
      bus.changed('grants');
      return grant;
    },

    find(call, input) {
      const entry = find(call, input);
      return entry === null ? null : { grant: entry.grant, signal: entry.ending.signal };
    },

    use(id) {
      const entry = living.get(id);
      if (entry === undefined) return;
      entry.grant = { ...entry.grant, uses: entry.grant.uses + 1, last_used_at: iso(clock.now()) };
      bus.changed('grants');
    },

    list() {
      sweepNow();
      return [...living.values()].map(({ grant }) => grant).reverse();
    },

    async revoke(id, channel) {
      const entry = living.get(id);
      if (entry === undefined) throw new AppError('not_found', `No grant has the id ${id}; it may have ended.`);
      await finish(entry, 'revoked', channel);
      return entry.grant;
    },

    end(which, why) {
      for (const entry of [...living.values()]) {
        const { token_id: token, task_id: task } = entry.grant;
        if (which === 'all' || which.token === token || (which.task !== undefined && which.task === task)) finishQuietly(entry, why);
      }
    },
  };
}
