import type { ChangeEntry, ChangeSet, FileVersion } from '../../../shared/domain/change.ts';
import type { Digest, TaskId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import type { CommitUnit, Store } from '../ports/store.ts';
import type { ChangeBus } from '../change-bus.ts';
import { changeEvent } from './change-events.ts';
import { halvesOf } from './drafts.ts';
import { movesOf, planSteps, type Move } from './plan-steps.ts';
import { runPlan, type Obstacle } from './run-plan.ts';
import { changeDigest, isBoundAlike, settledState } from './set-state.ts';

/** What a set in the journal is on its way to: `applying` forth, `undoing` back; its `pending` entries are the ones that move. */
export type Direction = 'forth' | 'back';

export interface JournalDeps {
  readonly store: Store;
  readonly files: ChangeFiles;
  readonly bus: ChangeBus;
  readonly onApplied: (task: TaskId, paths: readonly string[]) => Promise<void>;
}

/** Writes rows and events together. Errors: `conflict` when a row is no longer what it was, `unavailable`. */
export async function commitChanges({ store, bus }: Pick<JournalDeps, 'store' | 'bus'>, unit: CommitUnit): Promise<void> {
  const result = await store.commit(unit);
  if (!result.ok) throw new AppError('conflict', 'The change set was decided or changed meanwhile. Look at it again.');
  bus.changed('changes');
  if (unit.events.length > 0) bus.changed('audit');
}

export const isPending = (entry: ChangeEntry): boolean => entry.state === 'pending';

/** Tries to bring every pending entry of a set to its end. Errors: `unavailable` and bugs, in the middle of it. */
export async function movePending(files: ChangeFiles, set: ChangeSet, direction: Direction): Promise<ReadonlyMap<Move, Obstacle>> {
  const moves = set.entries.filter(isPending).flatMap((entry) => movesOf(entry, direction));
  const obstacles = await runPlan(files, planSteps(moves, { restores: direction === 'back' }));
  await files.settle();
  return obstacles;
}

/** Whether the contents are there that the pending entries need in one direction. */
export async function hasContents(files: ChangeFiles, set: ChangeSet, direction: Direction): Promise<boolean> {
  for (const entry of set.entries.filter(isPending)) {
    for (const { becomes } of movesOf(entry, direction)) {
      if (becomes?.type === 'file' && !(await files.has(becomes.sha256))) return false;
    }
  }
  return true;
}

/** The entries once their moves have ended: what did not happen keeps waiting (forth) or stays applied (back). */
export function settledEntries(set: ChangeSet, direction: Direction, obstacles: ReadonlyMap<Move, Obstacle>): ChangeEntry[] {
  const reasons = new Map([...obstacles].map(([move, obstacle]) => [move.path, obstacle]));
  return set.entries.flatMap((entry): ChangeEntry[] => {
    if (!isPending(entry)) return [entry];
    const isMet = [entry.path, entry.from].every((path) => path === null || !reasons.has(path));
    if (isMet) return [{ ...entry, state: direction === 'forth' ? 'applied' : 'undone' }];
    if (direction === 'back') {
      const reason = (reasons.get(entry.path) ?? reasons.get(entry.from ?? ''))?.reason ?? entry.reason;
      return [{ ...entry, state: 'applied', reason }];
    }
    // A rename of which one half could not be made is two changes from now on.
    return halvesOf(entry).map((half) => {
      const obstacle = reasons.get(half.path);
      if (obstacle === undefined) return { ...half, state: 'applied' };
      return { ...half, state: obstacle.actual === undefined ? 'failed' : 'conflict', reason: obstacle.reason };
    });
  });
}

/** The set with other entries, its state and digest told by them. */
export function withEntries(set: ChangeSet, entries: ChangeEntry[], changes: Partial<ChangeSet> = {}): ChangeSet {
  const digest = isBoundAlike(set.entries, entries) ? set.digest : changeDigest(entries);
  return { ...set, entries, digest, state: settledState(entries), ...changes };
}

/**
 * Takes a set that is in the journal to its end and records it. When the disk gives out, what was done is taken back; when not even that can
 * be done, the set stays in the journal for a later try. Errors: `unavailable`.
 */
export async function finish(deps: JournalDeps, set: ChangeSet): Promise<ChangeSet> {
  const { files, onApplied } = deps;
  const direction: Direction = set.state === 'undoing' ? 'back' : 'forth';
  const opposite: Direction = direction === 'forth' ? 'back' : 'forth';
  let failure: AppError | null = null;
  let obstacles: ReadonlyMap<Move, Obstacle>;
  try {
    obstacles = await movePending(files, set, direction);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    failure = error;
    obstacles = await movePending(files, set, opposite);
  }
  const ended = failure === null ? settledEntries(set, direction, obstacles) : takenBack(set, direction, failure.message);
  const next = withEntries(set, ended);
  const still = new Set(set.entries);
  const moved = next.entries.filter((entry) => !still.has(entry));
  const type = failure !== null ? 'change_set.recovered' : direction === 'forth' ? 'change_set.applied' : 'change_set.undone';
  const data = failure === null ? {} : { how: 'rolled_back', reason: failure.message };
  await commitChanges(deps, {
    events: [changeEvent(type, next, { entries: moved, by: 'gateway', data })],
    changes: [{ kind: 'change_set.put', changeSet: next, expectState: set.state, expectDigest: set.digest }],
  });
  await onApplied(set.task_id, pathsOf(set.entries.filter(isPending)));
  if (failure !== null) throw failure;
  return next;
}

/** After going back on itself: what was to be applied was not, and what was to be undone is still applied. */
export const takenBack = (set: ChangeSet, direction: Direction, reason: string): ChangeEntry[] =>
  set.entries.map((entry) => (isPending(entry) ? { ...entry, state: direction === 'forth' ? 'failed' : 'applied', reason } : entry));

export const pathsOf = (entries: readonly ChangeEntry[]): readonly string[] =>
  entries.flatMap(({ path, from }) => (from === null ? [path] : [path, from]));

/** The contents that a version refers to. */
export const contentsOf = (...versions: readonly (FileVersion | null)[]): readonly Digest[] =>
  versions.flatMap((version) => (version?.type === 'file' ? [version.sha256] : []));
