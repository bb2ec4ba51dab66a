import type { AuditEventType, NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { TokenId } from '../../../shared/domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';

/** One event says what was refused in this time. Milliseconds. */
const windowMs = 10_000;

/** A call that was refused before anything was looked at. */
export interface RefusedCall {
  readonly type: Extract<AuditEventType, 'rate.limited' | 'panic.refused'>;
  readonly agent: string;
  readonly token_id: TokenId;
  readonly tool: string;
  /** Which limit, in words. */
  readonly limit: string;
}

/**
 * Counts refusals that come in floods, and writes one event for each agent and tool every 10 s. A call that is counted here has no record and no
 * terminal event of its own: it never became a call, and the count is its trace. A crash loses the counts of the last 10 s; nothing ran.
 */
export interface RefusalLog {
  count(refused: RefusedCall): void;
  /** Writes what is counted. */
  stop(): Promise<void>;
}

export interface RefusalLogDeps {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  readonly onError: (message: string, error: unknown) => void;
}

interface Counted {
  readonly refused: RefusedCall;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  readonly cancel: () => void;
}

export function createRefusalLog({ store, clock, onError }: RefusalLogDeps): RefusalLog {
  // Agents are the operator's to make and tools are fixed, so that this stays small.
  const counts = new Map<string, Counted>();

  async function write(key: string): Promise<void> {
    const counted = counts.get(key);
    if (counted === undefined) return;
    counts.delete(key);
    counted.cancel();
    try {
      await store.commit({ events: [eventOf(counted)], changes: [] });
    } catch (error) {
      onError(`${counted.count.toString()} refused calls could not be recorded.`, error);
    }
  }

  return {
    count(refused) {
      const key = JSON.stringify([refused.type, refused.agent, refused.tool]);
      const counted = counts.get(key);
      const now = clock.now();
      if (counted === undefined) {
        const cancel = clock.after(windowMs, () => void write(key));
        counts.set(key, { refused, firstAt: now, lastAt: now, count: 1, cancel });
        return;
      }
      counted.count += 1;
      counted.lastAt = now;
    },
    async stop() {
      await Promise.all([...counts.keys()].map(async (key) => await write(key)));
    },
  };
}

function eventOf({ refused, count, firstAt, lastAt }: Counted): NewAuditEvent {
  const { type, agent, token_id, tool, limit } = refused;
  const [first_at, last_at] = [new Date(firstAt).toISOString(), new Date(lastAt).toISOString()];
  return { type, actor: 'gateway', agent, token_id, task_id: null, call_id: null, data: { tool, count, limit, first_at, last_at } };
}
