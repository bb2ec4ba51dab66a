import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import { commitChanges, withEntries, type JournalDeps } from './apply-journal.ts';
import { kindOf } from './drafts.ts';
import { inParallel } from './in-parallel.ts';
import { keep } from './keep-contents.ts';
import { isSameVersion } from './set-state.ts';
import { textFacts } from './text-of.ts';

type Deps = Pick<JournalDeps, 'store' | 'files' | 'bus'>;

/**
 * Binds every conflict of a set to the real file as it is now: that version is what is shown beside the agent's, what the digest of the set covers, and
 * what undo brings back. Answers the same set when nothing changed since. What cannot be looked at stays bound to what was shown before.
 */
export async function bindConflicts(deps: Deps, set: ChangeSet, only: (entry: ChangeEntry) => boolean = () => true): Promise<ChangeSet> {
  const found = new Map<ChangeEntry, ChangeEntry>();
  const conflicts = set.entries.filter((entry) => entry.state === 'conflict' && only(entry));
  await inParallel(conflicts, async (entry) => {
    const now = await boundAnew(deps.files, entry);
    if (now !== null) found.set(entry, now);
  });
  if (found.size === 0) return set;
  await deps.files.settle();
  const next = withEntries(
    set,
    set.entries.map((entry) => found.get(entry) ?? entry),
  );
  await commitChanges(deps, {
    events: [],
    changes: [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }],
  });
  return next;
}

/** Null when the real file is the one that the entry is bound to. */
async function boundAnew(files: Deps['files'], entry: ChangeEntry): Promise<ChangeEntry | null> {
  const { workspace, path, before, after } = entry;
  try {
    const actual = await files.inspect(workspace, path);
    const isKept = before?.type !== 'file' || (await files.has(before.sha256));
    if (isSameVersion(actual, before) && isKept) return null;
    if (!(await keep(files, { root: null, workspace, path }, actual))) return null;
    const next = { ...entry, before: actual, kind: kindOf(actual, after) };
    return { ...next, ...(await textFacts(files, next)) };
  } catch (error) {
    // A device, or a folder that became a link: there is no version of it to bind to, and applying refuses it.
    if (error instanceof AppError && error.code !== 'unavailable') return null;
    throw error;
  }
}

/** SECURITY: a yes to overwriting is to the version that was shown, and to no later one. Errors: `conflict`. */
export async function requireShown(deps: Deps, set: ChangeSet, chosen: ReadonlySet<ChangeEntry>): Promise<void> {
  const now = await bindConflicts(deps, set, (entry) => chosen.has(entry));
  if (now !== set)
    throw new AppError('conflict', 'The real file changed again since it was shown. Look at both versions anew, and decide on those.');
  for (const { state, workspace, path, before } of chosen) {
    if (state !== 'conflict') continue;
    const actual = await deps.files.inspect(workspace, path);
    if (!isSameVersion(actual, before)) throw new AppError('conflict', `${path} is changing right now. Look at it again, then decide.`);
  }
}
