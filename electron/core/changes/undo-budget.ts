import type { Digest } from '../../../shared/domain/identity.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import type { Store } from '../ports/store.ts';
import { contentsOf, isPending } from './apply-journal.ts';
import { everySet } from './every-set.ts';
import { isWaiting } from './set-state.ts';

/**
 * Lets go of the oldest contents beyond the budget, and marks the sets that cannot be undone any more. What waits for the operator or is in
 * the journal keeps its contents whatever they take. Call it while nothing is being kept.
 */
export async function keepToBudget(deps: { readonly store: Store; readonly files: ChangeFiles }, budgetBytes: number): Promise<void> {
  const { store, files } = deps;
  const needed = new Set<Digest>();
  for await (const set of everySet(store, { states: ['held', 'partly_held', 'applying', 'undoing'] })) {
    for (const entry of set.entries) {
      if (isWaiting(entry) || isPending(entry)) for (const sha256 of contentsOf(entry.before, entry.after)) needed.add(sha256);
    }
  }
  const gone = new Set(await files.collectGarbage(needed, budgetBytes));
  if (gone.size === 0) return;
  for await (const set of everySet(store, { undoable: true })) {
    const isLost = set.entries.some(({ state, before }) => state === 'applied' && contentsOf(before).some((sha256) => gone.has(sha256)));
    if (!isLost) continue;
    const changeSet = { ...set, undoable: false };
    // A set that was decided this moment is looked at again the next time.
    await store.commit({ events: [], changes: [{ kind: 'change_set.put', changeSet, expectState: set.state, expectDigest: set.digest }] });
  }
}
