import { useState } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { useOperation } from '../../lib/operations.ts';
import { isChangeSet } from './approval-queue.ts';

/** What the shown card is about: a call that waits, or a change set of which something is held. */
export type Card = { readonly kind: 'call'; readonly approval: Approval } | { readonly kind: 'changes'; readonly set: ChangeSet };

/** Remembers the last that was seen of what is shown: the list no longer holds what ended; its own answer says how. */
function useLatest<T extends { readonly id: string }>(id: string | null, listed: T | undefined, single: T | undefined): T | null {
  const [seen, setSeen] = useState<T | null>(null);
  const latest = listed ?? (single?.id === id ? single : undefined);
  if (latest !== undefined && latest !== seen) setSeen(latest);
  return latest ?? (seen?.id === id ? seen : null);
}

/** The card of the id that is shown; null while it is read, and when nothing is shown. */
export function useShownCard(id: string | null, approvals: readonly Approval[], changes: readonly ChangeSet[]): Card | null {
  const isSet = id !== null && isChangeSet(id);
  const listedCall = approvals.find((approval) => approval.id === id);
  const listedSet = changes.find((set) => set.id === id);
  const call = useOperation('approvals.get', { id: id ?? '' }, { enabled: id !== null && !isSet && listedCall === undefined });
  const set = useOperation('changes.get', { id: id ?? '' }, { enabled: isSet && listedSet === undefined });
  const approval = useLatest(id, listedCall, call.data);
  const changeSet = useLatest(id, listedSet, set.data);
  if (isSet) return changeSet === null ? null : { kind: 'changes', set: changeSet };
  return approval === null ? null : { kind: 'call', approval };
}
