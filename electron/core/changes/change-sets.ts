import type { ChangeEntry, ChangeSet, ChangeSetId, FileVersion } from '../../../shared/domain/change.ts';
import type { AgentName, CallId, Digest, TaskId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { LayerView } from '../ports/layers.ts';
import type { Store } from '../ports/store.ts';
import { isWaiting } from './set-state.ts';

/** What a classifier is told beside the change itself. */
export interface ClassifyContext {
  readonly task: TaskId;
  readonly agent: AgentName;
  readonly tool: string;
  /** The whole text of a version, null when it is not a text of at most 512 KiB: for files whose meaning lies in what changed. */
  readonly text: (version: FileVersion | null) => Promise<string | null>;
}

/** One change before anything is decided. A rename comes twice: as what is new, and as what is gone. */
export type Candidate = Pick<ChangeEntry, 'workspace' | 'path' | 'kind' | 'before' | 'after'>;

export interface Classification {
  readonly effect: 'apply' | 'hold' | 'drop';
  readonly rule: string;
  readonly reason: string;
}

/** Says what becomes of a change. */
export type Classify = (candidate: Candidate, context: ClassifyContext) => Classification | Promise<Classification>;

/** The call whose changes are collected. */
export interface CollectedCall {
  readonly id: CallId;
  readonly task_id: TaskId | null;
  readonly agent: AgentName;
  readonly tool: string;
  /** The command or the file, in short. */
  readonly summary: string;
}

export interface Collection {
  readonly call: CollectedCall;
  readonly view: Pick<LayerView, 'task' | 'roots' | 'scan'>;
  /** Paths whose exact content the operator approved: no second question. */
  readonly approvedPaths: ReadonlySet<string>;
}

export interface ChangeDecision {
  readonly id: ChangeSetId;
  readonly digest: Digest;
  /** Absolute; undefined: everything that waits. */
  readonly paths?: readonly string[] | undefined;
}

/** Both sides of one entry as text, each at most 512 KiB; null where there is nothing, or no text. */
export interface ChangeDiff {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** The real file now. */
  readonly current: string | null;
  readonly truncated: boolean;
  readonly is_text: boolean;
}

export interface Undone {
  readonly change_set: ChangeSet;
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

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
  /** Applies what waits. A conflict is overwritten knowingly: the present version is kept, so that undo brings it back. Errors: `conflict` for another digest. */
  accept(decision: ChangeDecision, channel: string): Promise<ChangeSet>;
  /** Refuses what waits. Errors: `conflict` for another digest. */
  drop(decision: ChangeDecision, channel: string): Promise<ChangeSet>;
  /** Puts back what was applied. A file that is no longer as it was applied is refused, each with its reason. */
  undo(id: ChangeSetId, channel: string): Promise<Undone>;
}

export interface ChangeSetDeps {
  readonly store: Store;
  readonly files: ChangeFiles;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly classify: Classify;
  /** Tells the task's layer that these real files were changed by the gateway. */
  readonly onApplied: (task: TaskId, paths: readonly string[]) => Promise<void>;
  /** `safety.undo_budget_mb`. */
  readonly budgetMb: () => number;
}

export function createChangeSets({ store }: Pick<ChangeSetDeps, 'store'>): ChangeSets {
  const refuse = async (): Promise<never> =>
    await Promise.reject(new AppError('unavailable', 'Changes cannot be applied in this version.'));
  const get = async (id: ChangeSetId): Promise<ChangeSet> => {
    const found = await store.changeSet(id);
    if (found === null) throw new AppError('not_found', `There is no change set ${id}.`);
    return found;
  };
  return {
    start: async () => await Promise.resolve(),
    collect: refuse,
    heldPaths: async (task_id) =>
      (await store.changeSets({ task_id, withRemainder: true, limit: 1000 })).flatMap(({ entries }) =>
        entries.filter(isWaiting).flatMap(({ path, from }) => (from === null ? [path] : [path, from])),
      ),
    list: async ({ state, ...filter }) =>
      await store.changeSets({ ...filter, ...(state === 'open' ? { states: ['held', 'partly_held'] } : {}) }),
    get,
    diff: refuse,
    accept: refuse,
    drop: refuse,
    undo: refuse,
  };
}
