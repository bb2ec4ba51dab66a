import type { Approval } from '../../shared/domain/approval.ts';
import type { ApprovalBroker } from '../core/approvals/approval-broker.ts';
import type { ChangeBus } from '../core/change-bus.ts';

export interface ApprovalWatchDeps {
  readonly broker: Pick<ApprovalBroker, 'list'>;
  readonly bus: ChangeBus;
  /** Requests that were not waiting the last time, oldest first. */
  readonly onArrived: (fresh: readonly Approval[]) => void;
  /** How many wait, after each look. */
  readonly onWaiting: (count: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Tells the desktop what waits for the operator, each request once. */
export interface ApprovalWatch {
  start(): void;
  stop(): void;
}

const lookLimit = 1000;

export function createApprovalWatch(deps: ApprovalWatchDeps): ApprovalWatch {
  let known = new Set<string>();
  let looking = false;
  let again = false;
  let unsubscribe: (() => void) | null = null;

  async function look(): Promise<void> {
    const waiting = await deps.broker.list({ state: 'pending', limit: lookLimit });
    if (unsubscribe === null) return;
    const fresh = waiting.filter(({ id }) => !known.has(id)).sort((a, b) => a.created_at.localeCompare(b.created_at));
    known = new Set(waiting.map(({ id }) => id));
    deps.onWaiting(waiting.length);
    if (fresh.length > 0) deps.onArrived(fresh);
  }

  /** One look at a time; what changes meanwhile is looked at afterwards. */
  async function lookAgain(): Promise<void> {
    again = true;
    if (looking) return;
    looking = true;
    try {
      while (again) {
        again = false;
        await look();
      }
    } catch (error) {
      deps.onError(error);
    } finally {
      looking = false;
    }
  }

  return {
    start() {
      unsubscribe = deps.bus.subscribe((topic) => {
        if (topic === 'approvals') void lookAgain();
      });
      void lookAgain();
    },
    stop() {
      unsubscribe?.();
      unsubscribe = null;
    },
  };
}
