import type { ChangeSet } from '../../../shared/domain/change.ts';
import {
  commitChanges,
  hasContents,
  isPending,
  movePending,
  pathsOf,
  settledEntries,
  takenBack,
  withEntries,
  type Direction,
  type JournalDeps,
} from './apply-journal.ts';
import { changeEvent } from './change-events.ts';
import { inParallel } from './in-parallel.ts';

/** Completes what the journal says is half done, or rolls it back where the contents to complete it are missing. Errors: `unavailable`. */
export async function recoverChanges(deps: JournalDeps): Promise<void> {
  for (;;) {
    const [set] = await deps.store.changeSets({ states: ['applying', 'undoing'], limit: 1 });
    if (set === undefined) return;
    await recover(deps, set);
  }
}

async function recover(deps: JournalDeps, set: ChangeSet): Promise<void> {
  const { files } = deps;
  const planned: Direction = set.state === 'undoing' ? 'back' : 'forth';
  const opposite: Direction = planned === 'forth' ? 'back' : 'forth';
  const isCompleted = (await hasContents(files, set, planned)) || !(await hasContents(files, set, opposite));
  const pending = set.entries.filter(isPending);
  await inParallel(pending, async ({ workspace, path, from }) => {
    for (const one of from === null ? [path] : [path, from]) await files.tidy(workspace, one).catch(() => undefined);
  });
  const obstacles = await movePending(files, set, isCompleted ? planned : opposite);
  const reason = 'It was interrupted, and rolled back at the next start.';
  const next = withEntries(set, isCompleted ? settledEntries(set, planned, obstacles) : takenBack(set, planned, reason));
  const still = new Set(set.entries);
  const moved = next.entries.filter((entry) => !still.has(entry));
  await commitChanges(deps, {
    events: [
      changeEvent('change_set.recovered', next, {
        entries: moved,
        by: 'gateway',
        data: { how: isCompleted ? 'completed' : 'rolled_back' },
      }),
    ],
    changes: [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }],
  });
  await deps.onApplied(set.task_id, pathsOf(pending));
}
