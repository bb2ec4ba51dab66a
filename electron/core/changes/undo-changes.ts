import type { ChangeEntry, ChangeSet, ChangeSetId } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import { commitChanges, finish, isPending, withEntries } from './apply-journal.ts';
import { changeEvent } from './change-events.ts';
import type { Undone } from './change-set-parts.ts';
import type { DecideDeps } from './decide-changes.ts';
import { inParallel } from './in-parallel.ts';
import { laterChanges } from './later-changes.ts';
import { movesOf, versionsOf } from './plan-steps.ts';
import { isSameVersion } from './set-state.ts';

/** Puts back everything of a set that was applied and still is as it was applied. */
export async function undoChanges(deps: DecideDeps, set: ChangeSet, channel: string): Promise<Undone> {
  const applied = set.entries.filter(({ state }) => state === 'applied');
  if (applied.length === 0) throw new AppError('conflict', 'Nothing of this change set is in the real files, so there is nothing to undo.');
  if (!set.undoable) throw new AppError('unavailable', 'The earlier contents were let go for space, so this change set cannot be undone.');
  const reasons = new Map<ChangeEntry, string>();
  const later = await laterChanges(deps.store, set);
  await inParallel(applied, async (entry) => {
    const reason = buriedBy(entry, later) ?? (await obstacleTo(deps.files, entry));
    if (reason !== null) reasons.set(entry, reason);
  });
  const refused = [...reasons].map(([{ path }, reason]) => ({ path, reason }));
  if (refused.length === applied.length) return { change_set: set, refused };

  const entries = set.entries.map((entry): ChangeEntry =>
    entry.state === 'applied' && !reasons.has(entry) ? { ...entry, state: 'pending' } : entry,
  );
  const journaled: ChangeSet = withEntries(set, entries, { state: 'undoing', decided_at: new Date(deps.clock.now()).toISOString() });
  const data = { result: 'undone', channel, refused: refused.length };
  await commitChanges(deps, {
    events: [changeEvent('change_set.decided', journaled, { entries: entries.filter(isPending), by: 'operator', data })],
    changes: [{ kind: 'change_set.put', changeSet: journaled, expectState: set.state, expectDigest: set.digest }],
  });
  const change_set = await finish(deps, journaled);
  const late = change_set.entries.filter((entry, index) => entries[index]?.state === 'pending' && entry.state === 'applied');
  return { change_set, refused: [...refused, ...late.map(({ path, reason }) => ({ path, reason }))] };
}

/** Why an entry is not the last change to its path; null when it is. */
function buriedBy({ path, from }: ChangeEntry, later: ReadonlyMap<string, ChangeSetId>): string | null {
  const newer = later.get(path) ?? (from === null ? undefined : later.get(from));
  return newer === undefined ? null : `A later change set, ${newer}, changed it too: undo that one first.`;
}

/** Why an entry cannot be put back; null when it can, or already is. */
async function obstacleTo(files: ChangeFiles, entry: ChangeEntry): Promise<string | null> {
  for (const move of movesOf(entry, 'back')) {
    try {
      const actual = await files.inspect(move.workspace, move.path);
      if (isSameVersion(actual, move.becomes)) continue;
      if (!versionsOf(move).some((version) => isSameVersion(version, actual)))
        return 'The real file changed since; undoing would lose that change.';
      if (move.becomes?.type === 'file' && !(await files.has(move.becomes.sha256))) return 'The earlier content was let go for space.';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return `It cannot be looked at: ${error.message}`;
    }
  }
  return null;
}
