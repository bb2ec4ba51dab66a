import type { ChangeSet, ChangeSetId } from '../../../shared/domain/change.ts';
import type { Store } from '../ports/store.ts';
import { pathsOf } from './apply-journal.ts';
import { everySet } from './every-set.ts';

/**
 * Which paths of a set a later one changed and still has applied, with the newest such set. Undo goes backwards: with a later change on top, the
 * version that would be put back is one that the later set knows nothing of, also where the file happens to look as the older set left it.
 */
export async function laterChanges(store: Pick<Store, 'changeSets'>, set: ChangeSet): Promise<ReadonlyMap<string, ChangeSetId>> {
  const own = new Set(pathsOf(set.entries.filter(({ state }) => state === 'applied')));
  const later = new Map<string, ChangeSetId>();
  for await (const one of everySet(store, {})) {
    if (one.id === set.id) return later;
    for (const path of pathsOf(one.entries.filter(({ state }) => state === 'applied'))) {
      if (own.has(path) && !later.has(path)) later.set(path, one.id);
    }
  }
  return later;
}
