import type { ChangeSet } from '../../../shared/domain/change.ts';
import type { ChangeSetFilter, Store } from '../ports/store.ts';

/** Sets that are in memory at once while they are gone through. */
const page = 100;

/** Every set that the filter lets through, newest first, however many there are. Errors: `unavailable`. */
export async function* everySet(
  store: Pick<Store, 'changeSets'>,
  filter: Omit<ChangeSetFilter, 'limit' | 'before'>,
): AsyncGenerator<ChangeSet> {
  let sets = await store.changeSets({ ...filter, limit: page });
  for (;;) {
    yield* sets;
    const last = sets.at(-1);
    if (last === undefined || sets.length < page) return;
    sets = await store.changeSets({ ...filter, before: last.id, limit: page });
  }
}
