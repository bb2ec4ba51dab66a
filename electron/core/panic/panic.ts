import type { Channel } from '../../../shared/domain/approval.ts';
import type { AuditEventType, NewAuditEvent } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { ApprovalBroker } from '../approvals/approval-broker.ts';
import type { Grants } from '../approvals/grants.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Gate } from '../pipeline/gate.ts';
import type { RunningCalls } from '../pipeline/running-calls.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

const reason = 'The operator stopped everything.';

/** What one stop ended. */
export interface Stopped {
  readonly since: string;
  readonly calls: number;
  readonly jobs: number;
  readonly requests: number;
  readonly grants: number;
}

/** What it ends; made later than the panic itself, because they ask it whether they may go on. */
export interface StoppedParts {
  readonly running: Pick<RunningCalls, 'count'>;
  readonly jobs: Pick<Jobs, 'list' | 'stopAll'>;
  readonly broker: Pick<ApprovalBroker, 'cancelAll'>;
  readonly grants: Pick<Grants, 'list' | 'end'>;
  readonly gate: Pick<Gate, 'closeOver'>;
}

/**
 * One step that stops everything: calls and jobs are killed, requests and grants end, and no token counts until the operator lets go. It is in the
 * log, and a restart does not undo it.
 */
export interface Panic {
  /** Reads whether everything is stopped. */
  start(): Promise<void>;
  /** Since when everything is stopped; null while it is not. */
  since(): string | null;
  /** Aborted, with a sentence, when everything is stopped: every call is bound to the one of its time. */
  signal(): AbortSignal;
  /** Repeated, it stops again whatever still runs. */
  trigger(channel: Channel): Promise<Stopped>;
  /** Errors: `conflict` when nothing is stopped, `unavailable` when it cannot be recorded. */
  release(channel: Channel): Promise<{ readonly since: string }>;
}

export interface PanicDeps {
  readonly store: Pick<Store, 'commit' | 'auditEvents'>;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly parts: () => StoppedParts;
}

export function createPanic({ store, clock, bus, parts }: PanicDeps): Panic {
  let since: string | null = null;
  let stopping = new AbortController();

  function set(next: string | null): void {
    since = next;
    bus.changed('status');
    bus.changed('calls');
    bus.changed('grants');
  }

  /** SECURITY: it takes effect before anything is waited for, and whether or not it can be written. */
  async function stopAll(at: string): Promise<Omit<Stopped, 'since'>> {
    const { running, jobs, broker, grants } = parts();
    const counts = {
      calls: running.count(),
      jobs: jobs.list(null).filter(({ state }) => state === 'running').length,
      grants: grants.list().length,
    };
    grants.end('all', 'panic');
    set(at);
    stopping.abort(reason);
    const [requests] = await Promise.all([broker.cancelAll(reason), jobs.stopAll()]);
    return { ...counts, requests };
  }

  return {
    async start() {
      const [last] = await store.auditEvents({ types: ['panic.triggered', 'panic.released'], limit: 1 });
      if (last?.type !== 'panic.triggered') return;
      since = last.time;
      stopping.abort(reason);
    },

    since: () => since,
    signal: () => stopping.signal,

    async trigger(channel) {
      const at = since ?? new Date(clock.now()).toISOString();
      const isFirst = since === null;
      const counts = await stopAll(at);
      if (isFirst) {
        const unit = { events: [event('panic.triggered', { channel, ...counts })], changes: [] };
        await store.commit(unit).catch(() => parts().gate.closeOver(unit, 'Everything was stopped, and the audit log cannot be written.'));
      }
      return { since: at, ...counts };
    },

    async release(channel) {
      const at = since;
      if (at === null) throw new AppError('conflict', 'Nothing is stopped.');
      await store.commit({ events: [event('panic.released', { channel, since: at })], changes: [] });
      stopping = new AbortController();
      set(null);
      return { since: at };
    },
  };
}

function event(type: Extract<AuditEventType, 'panic.triggered' | 'panic.released'>, data: JsonObject): NewAuditEvent {
  return { type, actor: 'operator', agent: null, token_id: null, task_id: null, call_id: null, data };
}
