import type { Clock } from '../ports/clock.ts';
import type { SessionWatch } from '../ports/session-watch.ts';
import type { ApprovalBroker } from './approval-broker.ts';
import type { Grants } from './grants.ts';

/** How often it is asked whether anybody is there, while a grant lives. Milliseconds. */
const askMs = 15_000;
const minute = 60_000;

export interface GrantEndingsDeps {
  readonly grants: Pick<Grants, 'end' | 'list'>;
  /** Single yeses for a next try end with a lock, too. */
  readonly broker: Pick<ApprovalBroker, 'dropNextTries'>;
  readonly watch: SessionWatch;
  readonly clock: Clock;
  readonly idleMinutes: () => number;
}

/** Ends what the operator granted when the operator is not there any more: the screen locked, nobody at the machine, Gatehouse quitting (F51). */
export function createGrantEndings({ grants, broker, watch, clock, idleMinutes }: GrantEndingsDeps) {
  let cancel: (() => void) | null = null;
  let unsubscribe: (() => void) | null = null;

  async function lookWhoIsThere(): Promise<void> {
    const idleMs = grants.list().length === 0 ? null : await watch.idleMs().catch(() => null);
    if (idleMs !== null && idleMs >= idleMinutes() * minute) grants.end('all', 'idle');
  }

  function again(): void {
    cancel = clock.after(askMs, () => {
      again();
      void lookWhoIsThere();
    });
  }

  return {
    async start(): Promise<void> {
      unsubscribe = watch.onLock(() => {
        grants.end('all', 'locked');
        broker.dropNextTries();
      });
      await watch.start();
      again();
    },
    async stop(): Promise<void> {
      cancel?.();
      unsubscribe?.();
      grants.end('all', 'quit');
      await watch.stop();
    },
  };
}
