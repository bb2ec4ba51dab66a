import type { Approval } from '../../../shared/domain/approval.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import { isWaiting } from '../../lib/change-words.ts';

/** What the approval window holds: the requests in the order in which they came, then the held change sets; what is shown, and what was finished here. */
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

/** Whether an id of the queue names a change set. */
export const isChangeSet = (id: string): boolean => id.startsWith('chg_');

/** The sets in which something waits, in the order in which they came. */
const openSets = (changes: readonly ChangeSet[]): string[] =>
  changes
    .filter((set) => set.entries.some(isWaiting))
    .sort((a, b) => a.created_at.localeCompare(b.created_at))
    .map((set) => set.id);

/**
 * Takes in what is open now: calls first, because somebody waits for those. Returns the same object when nothing changes.
 * SECURITY: the card that is shown stays until the operator leaves it, whatever arrives or ends meanwhile; new ones go underneath (THREATS rule 16).
 */
export function advance(
  queue: ApprovalQueue,
  approvals: readonly Approval[],
  now: number,
  changes: readonly ChangeSet[] = [],
): ApprovalQueue {
  const calls = approvals
    .filter((approval) => isOpen(approval, now))
    .sort(arrival)
    .map((approval): string => approval.id);
  const sets = openSets(changes);
  const open = [...calls, ...sets].filter((id) => !queue.done.includes(id));
  const kept = queue.order.filter((id) => open.includes(id) || id === queue.shown);
  const added = open.filter((id) => !kept.includes(id));
  const all = [...kept, ...added];
  const order = [...all.filter((id) => !isChangeSet(id)), ...all.filter(isChangeSet)];
  const shown = queue.shown ?? order[0] ?? null;
  const known = new Set<string>([...approvals.map((approval) => approval.id), ...sets]);
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

/** When the window comes back into view: a request that waits goes before everything else, and what waits before what has ended. */
export function resume(queue: ApprovalQueue, approvals: readonly Approval[], changes: readonly ChangeSet[] = []): ApprovalQueue {
  const isPending = (id: string | null): boolean => approvals.some((approval) => approval.id === id && approval.state === 'pending');
  if (isPending(queue.shown)) return queue;
  const isHeld = (id: string | null): boolean => changes.some((set) => set.id === id && set.entries.some(isWaiting));
  const waiting = queue.order.find(isPending) ?? (isHeld(queue.shown) ? queue.shown : queue.order.find(isHeld));
  return waiting === undefined || waiting === null || waiting === queue.shown ? queue : { ...queue, shown: waiting };
}
