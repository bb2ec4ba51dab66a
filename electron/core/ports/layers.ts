import type { FileVersion } from '../../../shared/domain/change.ts';
import type { TaskId } from '../../../shared/domain/identity.ts';
import type { LayerStatus } from '../../../shared/domain/sandbox.ts';

/** Descriptors of ours that a command's processes join before bubblewrap starts. */
export interface LayerNamespaces {
  readonly user: number;
  readonly mount: number;
}

/** One workspace as a task sees it. */
export interface LayerRoot {
  /** The real folder, absolute and resolved; in the view's mount namespace this path shows the layer. */
  readonly workspace: string;
  /** Descriptor of the merged folder, valid until the view is closed; everything is walked from here. */
  readonly fd: number;
}

/** One difference between what the task sees and the real tree. */
export interface LayerChange {
  /** Absolute path in the real tree. */
  readonly path: string;
  readonly workspace: string;
  /** What the real tree has now, content hashed; null: nothing. */
  readonly before: FileVersion | null;
  /** What the task has; null: deleted. A device, socket or named pipe is never reported: it stays behind in the layer. */
  readonly after: FileVersion | null;
  /** The real file changed after the view was opened, by somebody else than the gateway. */
  readonly isConflict: boolean;
}

/** A task's copy-on-write view of its workspaces. Shared by the task's calls while any is open. */
export interface LayerView {
  readonly task: TaskId;
  readonly roots: readonly LayerRoot[];
  /** Null where the layer needs none (a copy). */
  readonly namespaces: LayerNamespaces | null;
  /**
   * What differs now, in the order of paths, a folder before what is in it; created and deleted folders are listed with everything in them.
   * Costs in proportion to what changed. Unreadable or special files are left out and told by `skipped`.
   */
  scan(): Promise<{ readonly changes: readonly LayerChange[]; readonly skipped: readonly string[] }>;
  /** Bytes that the layer takes on disk, as of a walk over what changed. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** Where every change of an agent's lands first. */
export interface Layers {
  /** Tries a real layer. */
  probe(): Promise<LayerStatus>;
  status(): LayerStatus;
  /**
   * Opens the task's view, or joins the one that is open. When none is open, everything in the layer that `held` does not name (paths, each with what
   * is below it) is let go first, so that the real tree shows through. Errors: `unavailable` with the fix; `forbidden` when a workspace is not what it was.
   */
  open(task: TaskId, workspaces: readonly string[], held: readonly string[]): Promise<LayerView>;
  /** The view that is open now, joined; null when none is. */
  join(task: TaskId): Promise<LayerView | null>;
  /** Tells the layer that the gateway itself changed these real files, so that they are no conflict. */
  applied(task: TaskId, paths: readonly string[]): Promise<void>;
  /** Removes a task's layer once its views are closed. */
  drop(task: TaskId): Promise<void>;
  /** Tasks that have something on disk, whether open or not. */
  list(): Promise<readonly TaskId[]>;
  stop(): Promise<void>;
}
