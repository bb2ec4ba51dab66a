import type { ChangeSet, ChangeSetId } from '../../../shared/domain/change.ts';
import type { AgentName, CallId, Digest, TaskId } from '../../../shared/domain/identity.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import type { Clock } from '../ports/clock.ts';
import type { LayerView } from '../ports/layers.ts';
import type { Store } from '../ports/store.ts';
import type { ClassifyChanges } from './change-to-judge.ts';
import type { Writer } from './writers.ts';

/** The call whose changes are collected. */
export interface CollectedCall {
  readonly id: CallId;
  readonly task_id: TaskId | null;
  readonly agent: AgentName;
  readonly tool: string;
  /** The command or the file, in short. */
  readonly summary: string;
}

/** Content by its hash, and permissions. */
export interface ShownFile {
  readonly sha256: Digest;
  readonly mode: number;
}

/** A file that the operator approved, and the one that it was shown to replace; null: nothing. */
export interface ApprovedContent {
  readonly before: ShownFile | null;
  readonly after: ShownFile;
}

export interface Collection {
  readonly call: CollectedCall;
  readonly view: Pick<LayerView, 'task' | 'roots' | 'scan'>;
  /** Everybody who can have made what the layer shows, the call itself included; asked once it has been looked at. */
  readonly writers: () => readonly Writer[];
  /** Paths whose exact change, content and mode, the operator approved: no second question about that one. */
  readonly approved: ReadonlyMap<string, ApprovedContent>;
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

export interface ChangeSetDeps {
  readonly store: Store;
  readonly files: ChangeFiles;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly classify: ClassifyChanges;
  /** Tells the task's layer that these real files were changed by the gateway. */
  readonly onApplied: (task: TaskId, paths: readonly string[]) => Promise<void>;
  /** `safety.undo_budget_mb`. */
  readonly budgetMb: () => number;
}
