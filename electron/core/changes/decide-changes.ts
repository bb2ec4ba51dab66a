import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { commitChanges, finish, hasContents, isPending, withEntries, type JournalDeps } from './apply-journal.ts';
import { changeEvent } from './change-events.ts';
import type { ChangeDecision } from './change-set-parts.ts';
import { requireShown } from './conflict-versions.ts';
import { ancestorsOf } from './plan-steps.ts';
import { isWaiting } from './set-state.ts';

export interface DecideDeps extends JournalDeps {
  readonly clock: Clock;
}

/** Applies what the operator accepts of a set. */
export async function acceptChanges(deps: DecideDeps, set: ChangeSet, decision: ChangeDecision, channel: string): Promise<ChangeSet> {
  const chosen = withFolders(set, choose(set, decision));
  await requireShown(deps, set, chosen);
  const entries = set.entries.map((entry): ChangeEntry => (chosen.has(entry) ? { ...entry, state: 'pending' } : entry));
  const next = withEntries(set, entries, { state: 'applying', decided_at: timeOf(deps) });
  if (!(await hasContents(deps.files, next, 'forth'))) {
    throw new AppError(
      'unavailable',
      'The content of this change is no longer kept, so it cannot be applied. Drop it, and let the agent write it again.',
    );
  }
  await commitChanges(deps, {
    events: [
      changeEvent('change_set.decided', next, {
        entries: entries.filter(isPending),
        by: 'operator',
        data: { result: 'accepted', channel },
      }),
    ],
    changes: [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }],
  });
  return await finish(deps, next);
}

/** Refuses what the operator does not want of a set. */
export async function dropChanges(deps: DecideDeps, set: ChangeSet, decision: ChangeDecision, channel: string): Promise<ChangeSet> {
  const chosen = withContent(set, choose(set, decision));
  const dropped = { state: 'dropped', rule: 'builtin:operator', reason: 'The operator dropped it.' } as const;
  const entries = set.entries.map((entry) => (chosen.has(entry) ? { ...entry, ...dropped } : entry));
  const next = withEntries(set, entries, { decided_at: timeOf(deps) });
  const about = entries.filter((_, index) => chosen.has(set.entries[index] as ChangeEntry));
  await commitChanges(deps, {
    events: [changeEvent('change_set.decided', next, { entries: about, by: 'operator', data: { result: 'dropped', channel } })],
    changes: [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }],
  });
  return next;
}

const timeOf = ({ clock }: DecideDeps): string => new Date(clock.now()).toISOString();

/** SECURITY: what was decided on is what was shown: the digest must be the one of the set as it is. */
function choose(set: ChangeSet, { digest, paths }: ChangeDecision): ReadonlySet<ChangeEntry> {
  if (digest !== set.digest)
    throw new AppError('conflict', 'The change set is not the one that was shown. Look at it again, and decide on that.');
  const waiting = set.entries.filter(isWaiting);
  if (waiting.length === 0) throw new AppError('conflict', 'Nothing in this change set waits for a decision.');
  if (paths === undefined) return new Set(waiting);
  const byPath = new Map(waiting.map((entry) => [entry.path, entry]));
  return new Set(
    paths.map((path) => {
      const entry = byPath.get(path);
      if (entry === undefined) throw new AppError('invalid_input', `${path} does not wait for a decision in this change set.`);
      return entry;
    }),
  );
}

/** What is new needs the new folders above it. */
function withFolders(set: ChangeSet, chosen: ReadonlySet<ChangeEntry>): ReadonlySet<ChangeEntry> {
  const needed = new Set([...chosen].filter(({ after }) => after !== null).flatMap(({ path }) => ancestorsOf(path)));
  const folders = set.entries.filter((entry) => isWaiting(entry) && entry.after?.type === 'directory' && needed.has(entry.path));
  return new Set([...chosen, ...folders]);
}

/** Without a new folder there is nothing in it. */
function withContent(set: ChangeSet, chosen: ReadonlySet<ChangeEntry>): ReadonlySet<ChangeEntry> {
  const folders = new Set(
    [...chosen].filter(({ before, after }) => after?.type === 'directory' && before?.type !== 'directory').map(({ path }) => path),
  );
  const inside = set.entries.filter((entry) => isWaiting(entry) && ancestorsOf(entry.path).some((path) => folders.has(path)));
  return new Set([...chosen, ...inside]);
}
