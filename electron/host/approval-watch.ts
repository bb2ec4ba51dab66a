import type { Approval } from '../../shared/domain/approval.ts';
import type { ChangeSet } from '../../shared/domain/change.ts';
import type { ApprovalBroker } from '../core/approvals/approval-broker.ts';
import type { ChangeBus } from '../core/change-bus.ts';
import type { ChangeSets } from '../core/changes/change-sets.ts';

export interface ApprovalWatchDeps {
  readonly broker: Pick<ApprovalBroker, 'list'>;
  readonly changes: Pick<ChangeSets, 'list'>;
  readonly bus: ChangeBus;
  /** Requests that were not waiting the last time, oldest first. */
  readonly onArrived: (fresh: readonly Approval[]) => void;
  /** Change sets of which something is held, and was not the last time, oldest first. */
  readonly onHeld: (fresh: readonly ChangeSet[]) => void;
  /**
   * After each look: how many requests and held change sets wait, and how many cards there are, those counted too whose agent left and may
   * still be given a yes.
   */
  readonly onCounted: (counts: { readonly waiting: number; readonly cards: number }) => void;
  readonly onError: (error: unknown) => void;
}

/** Tells the desktop what waits for the operator, each request and each held change set once. */
export interface ApprovalWatch {
  start(): void;
  stop(): void;
}

const lookLimit = 1000;

export function createApprovalWatch(deps: ApprovalWatchDeps): ApprovalWatch {
  let known = new Set<string>();
  let knownSets = new Set<string>();
  let looking = false;
  let again = false;
  let unsubscribe: (() => void) | null = null;

  async function look(): Promise<void> {
    const open = await deps.broker.list({ state: 'open', limit: lookLimit });
    const held = await deps.changes.list({ state: 'open', limit: lookLimit });
    if (unsubscribe === null) return;
    const waiting = open.filter(({ state }) => state === 'pending');
    const lapsed = open.filter(
      (approval) => approval.state !== 'pending' && approval.next_try_until !== null && !approval.next_try_granted,
    );
    const fresh = waiting.filter(({ id }) => !known.has(id)).sort((a, b) => a.created_at.localeCompare(b.created_at));
    known = new Set(waiting.map(({ id }) => id));
    const freshSets = held.filter(({ id }) => !knownSets.has(id)).sort((a, b) => a.created_at.localeCompare(b.created_at));
    knownSets = new Set(held.map(({ id }) => id));
    deps.onCounted({ waiting: waiting.length + held.length, cards: waiting.length + lapsed.length + held.length });
    if (freshSets.length > 0) deps.onHeld(freshSets);
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
        if (topic === 'approvals' || topic === 'changes') void lookAgain();
      });
      void lookAgain();
    },
    stop() {
      unsubscribe?.();
      unsubscribe = null;
    },
  };
}
