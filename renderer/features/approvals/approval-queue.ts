import type { Approval } from '../../../shared/domain/approval.ts';
import { standingOf } from '../../lib/approval-standing.ts';

/** What the approval window holds: the requests in the order in which they came, the one that is shown, and those finished here. */
export interface ApprovalQueue {
  readonly order: readonly string[];
  readonly shown: string | null;
  readonly done: readonly string[];
}

export const emptyQueue: ApprovalQueue = { order: [], shown: null, done: [] };

const isOpen = (approval: Approval, now: number): boolean => ['pending', 'next-try'].includes(standingOf(approval, now).kind);

function arrival(a: Approval, b: Approval): number {
  if (a.state !== b.state) return a.state === 'pending' ? -1 : 1;
  return a.created_at.localeCompare(b.created_at);
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((id, index) => id === b[index]);

/**
 * Takes in what is open now. Returns the same object when nothing changes.
 * SECURITY: the card that is shown stays until the operator leaves it, whatever arrives or ends meanwhile; new ones go underneath (THREATS rule 16).
 */
export function advance(queue: ApprovalQueue, approvals: readonly Approval[], now: number): ApprovalQueue {
  const open = approvals.filter((approval) => isOpen(approval, now) && !queue.done.includes(approval.id));
  const ids = new Set<string>(open.map((approval) => approval.id));
  const kept = queue.order.filter((id) => ids.has(id) || id === queue.shown);
  const added = open
    .filter((approval) => !kept.includes(approval.id))
    .sort(arrival)
    .map((approval) => approval.id);
  const order = [...kept, ...added];
  const shown = queue.shown ?? order[0] ?? null;
  const known = new Set<string>(approvals.map((approval) => approval.id));
  // Only what can still come back in a list needs to be remembered as done.
  const done = queue.done.filter((id) => known.has(id));
  if (same(order, queue.order) && shown === queue.shown && same(done, queue.done)) return queue;
  return { order, shown, done };
}

/** Moves the view by one, without leaving either end. */
export function step(queue: ApprovalQueue, by: 1 | -1): ApprovalQueue {
  const at = queue.shown === null ? -1 : queue.order.indexOf(queue.shown);
  const next = queue.order[at + by];
  return next === undefined ? queue : { ...queue, shown: next };
}

/** Leaves a request for good and shows the one after it, else the first. */
export function finish(queue: ApprovalQueue, id: string): ApprovalQueue {
  const at = queue.order.indexOf(id);
  const order = queue.order.filter((other) => other !== id);
  const shown = queue.shown === id ? (order[at] ?? order[0] ?? null) : queue.shown;
  return { order, shown, done: queue.done.includes(id) ? queue.done : [...queue.done, id] };
}

/** When the window comes back into view: a request that waits goes before one that has ended. */
export function resume(queue: ApprovalQueue, approvals: readonly Approval[]): ApprovalQueue {
  const isPending = (id: string | null): boolean => approvals.some((approval) => approval.id === id && approval.state === 'pending');
  const waiting = queue.order.find(isPending);
  return waiting === undefined || isPending(queue.shown) ? queue : { ...queue, shown: waiting };
}
