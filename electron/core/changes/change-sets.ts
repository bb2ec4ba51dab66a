import type { ChangeEntry, ChangeSet, ChangeSetId, ChangeSetState, FileVersion } from '../../../shared/domain/change.ts';
import type { CallId, TaskId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import { isPending, pathsOf } from './apply-journal.ts';
import type { ChangeDecision, ChangeDiff, ChangeSetDeps, Collection, Undone } from './change-set-parts.ts';
import { collectChanges } from './collect-changes.ts';
import { bindConflicts } from './conflict-versions.ts';
import { acceptChanges, dropChanges } from './decide-changes.ts';
import { everySet } from './every-set.ts';
import { recoverChanges } from './recover-changes.ts';
import { createSerial } from './serial.ts';
import { isSameVersion, isWaiting } from './set-state.ts';
import { shownLimit, shownText, versionText, type ShownText } from './text-of.ts';
import { keepToBudget } from './undo-budget.ts';
import { undoChanges } from './undo-changes.ts';

/** What calls changed: collected, applied or held, decided, undone. */
export interface ChangeSets {
  /** Completes or rolls back what an earlier run left half done. */
  start(): Promise<void>;
  /**
   * Takes what a call changed out of its layer; null when it changed nothing new. Errors: `unavailable` (no space, or the log cannot be
   * written): then the real tree is as it was, or the next start completes it.
   */
  collect(collection: Collection): Promise<ChangeSet | null>;
  /** What the task's layer must keep: each path with everything below it. */
  heldPaths(task: TaskId): Promise<readonly string[]>;
  list(filter: {
    readonly state: 'open' | 'all';
    readonly call_id?: CallId;
    readonly task_id?: TaskId;
    readonly limit: number;
  }): Promise<readonly ChangeSet[]>;
  /** Errors: `not_found`. */
  get(id: ChangeSetId): Promise<ChangeSet>;
  /** Errors: `not_found`. */
  diff(id: ChangeSetId, path: string): Promise<ChangeDiff>;
  /**
   * Applies what waits. A conflict is overwritten knowingly: the version that was shown is kept, so that undo brings it back. Errors: `conflict` for
   * another digest, and where the real file is not the one that was shown any more; then the set is bound to the one that is there.
   */
  accept(decision: ChangeDecision, channel: string): Promise<ChangeSet>;
  /** Refuses what waits. Errors: `conflict` for another digest. */
  drop(decision: ChangeDecision, channel: string): Promise<ChangeSet>;
  /** Puts back what was applied. A file that is no longer as it was applied is refused, each with its reason. */
  undo(id: ChangeSetId, channel: string): Promise<Undone>;
}

/** Bytes of kept contents after which the budget is looked at again. */
const budgetStep = 64 * 1024 * 1024;
const open: readonly ChangeSetState[] = ['held', 'partly_held'];

export function createChangeSets(deps: ChangeSetDeps): ChangeSets {
  const { store, files, bus } = deps;
  const serial = createSerial();
  let isSettled = false;
  let unbudgeted = 0;

  const get = async (id: ChangeSetId): Promise<ChangeSet> => {
    const found = await store.changeSet(id);
    if (found === null) throw new AppError('not_found', `There is no change set ${id}.`);
    return found;
  };
  /** One at a time for the whole process, and never on top of a set that is still half done. */
  const change = async <T>(work: () => Promise<T>): Promise<T> =>
    await serial(async () => {
      if (!isSettled) await recoverChanges(deps);
      isSettled = false;
      const result = await work();
      isSettled = true;
      return result;
    });
  const keepBudget = async (): Promise<void> => {
    unbudgeted = 0;
    await keepToBudget(deps, deps.budgetMb() * 1024 * 1024);
    bus.changed('changes');
  };

  /** The set, with a conflict of it bound to the real file as it is at this moment: what is shown is what a yes is for. */
  const boundSet = async (id: ChangeSetId, path: string): Promise<ChangeSet> => {
    const set = await get(id);
    const entry = set.entries.find((one) => one.path === path);
    if (entry?.state !== 'conflict') return set;
    const actual = await files.inspect(entry.workspace, path).catch(() => entry.before);
    if (isSameVersion(actual, entry.before)) return set;
    return await change(async () => await bindConflicts(deps, await get(id), (one) => one.path === path));
  };

  return {
    start: async () =>
      await change(async () => {
        await keepBudget();
      }),
    collect: async (collection) =>
      await change(async () => {
        const collected = await collectChanges(deps, collection);
        const set = collected === null ? null : await bindConflicts(deps, collected);
        unbudgeted += set?.entries.reduce((sum, entry) => sum + sizeOf(entry.before) + sizeOf(entry.after), 0) ?? 0;
        if (unbudgeted > budgetStep) await keepBudget();
        return set;
      }),
    heldPaths: async (task_id) => {
      const paths: string[] = [];
      // SECURITY: a set that is being decided has a state of its own for that moment; what else of it waits, and what may not succeed, waits still.
      for await (const { state, entries } of everySet(store, { task_id, states: [...open, 'applying', 'undoing'] })) {
        const isKept = (entry: ChangeEntry): boolean => isWaiting(entry) || (state === 'applying' && isPending(entry));
        paths.push(...pathsOf(entries.filter(isKept)));
      }
      return paths;
    },
    list: async ({ state, ...filter }) => await store.changeSets({ ...filter, ...(state === 'open' ? { states: open } : {}) }),
    get,
    diff: async (id, path) => await diffOf(files, await boundSet(id, path), path),
    accept: async (decision, channel) =>
      await change(async () => await bindConflicts(deps, await acceptChanges(deps, await get(decision.id), decision, channel))),
    drop: async (decision, channel) => await change(async () => await dropChanges(deps, await get(decision.id), decision, channel)),
    undo: async (id, channel) => await change(async () => await undoChanges(deps, await get(id), channel)),
  };
}

const sizeOf = (version: FileVersion | null): number => (version?.type === 'file' ? version.size : 0);

async function diffOf(files: ChangeFiles, set: ChangeSet, path: string): Promise<ChangeDiff> {
  const entry = set.entries.find((one) => one.path === path);
  if (entry === undefined) throw new AppError('not_found', `${path} is not in the change set ${set.id}.`);
  const [before, after, current] = await Promise.all([
    versionText(files, entry.before),
    versionText(files, entry.after),
    // SECURITY: what a conflict is shown against is the version that the digest covers.
    entry.state === 'conflict' ? versionText(files, entry.before) : currentText(files, entry.workspace, path),
  ]);
  const sides = [before, after, current];
  return {
    path,
    before: before.text,
    after: after.text,
    current: current.text,
    truncated: sides.some(({ isCut }) => isCut),
    is_text: sides.every(({ isText }) => isText),
  };
}

/** The real file now, as text; nothing where it cannot be looked at. */
async function currentText(files: ChangeFiles, workspace: string, path: string): Promise<ShownText> {
  try {
    const version = await files.inspect(workspace, path);
    if (version?.type !== 'file') return await versionText(files, version);
    const bytes = await files.readReal(workspace, path, shownLimit);
    return bytes === null ? await versionText(files, null) : shownText(bytes, version.size);
  } catch (error) {
    if (error instanceof AppError) return await versionText(files, null);
    throw error;
  }
}
