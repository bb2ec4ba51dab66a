import type { FileVersion } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';

/** One step on the real tree, from a version that must be there to another. A folder becomes a file, or a file a folder, in two steps. */
export interface FileStep {
  readonly workspace: string;
  /** Absolute, in `workspace`. */
  readonly path: string;
  readonly expected: FileVersion | null;
  readonly wanted: FileVersion | null;
  /** Puts back what was there before: only then are the set-uid, set-gid and sticky bits of `wanted` set as well. */
  readonly restores: boolean;
}

export type StepResult =
  | { readonly ok: true }
  /** What is there is not what was expected, or is a folder that is not empty; nothing was touched. `actual` is what is there. */
  | { readonly ok: false; readonly actual: FileVersion | null };

/** Where a version to keep is read from. */
export interface KeepSource {
  /** The merged folder of a task's view; null: the real tree. */
  readonly root: { readonly workspace: string; readonly fd: number } | null;
  readonly workspace: string;
  readonly path: string;
}

/** Content kept by its hash, and the real tree's files, changed one at a time and each in one motion. */
export interface ChangeFiles {
  /** Keeps the content of a real file, or of a file in a view. Errors: `conflict` when its hash is another by now or it is no file, `unavailable` without space. */
  keep(source: KeepSource, sha256: Digest): Promise<void>;
  /** Whether a blob is there. */
  has(sha256: Digest): Promise<boolean>;
  /** Reads at most `limit` bytes of a kept blob. Errors: `not_found`. */
  read(sha256: Digest, limit: number): Promise<Uint8Array>;
  /** Reads at most `limit` bytes of the real file at a path; null when there is none. Errors: as `inspect`. */
  readReal(workspace: string, path: string, limit: number): Promise<Uint8Array | null>;
  /**
   * What the real tree has at a path; never follows a link, so below a link there is nothing. Errors: `forbidden` outside the workspace or in the
   * gateway's own folders, `conflict` for a device, socket or pipe.
   */
  inspect(workspace: string, path: string): Promise<FileVersion | null>;
  /**
   * Brings one path from `expected` to `wanted`: temporary file and rename, or unlink, mkdir, rmdir, symlink, chmod, all below a folder that is held
   * open and reached without following a link. Content comes from a kept blob. Missing parents are not made: they are steps of their own.
   * When the path already is as wanted, that is ok. Errors: `forbidden`, `unavailable`, `not_found` for a blob.
   */
  apply(step: FileStep): Promise<StepResult>;
  /** Removes what an `apply` of this path left beside it when the process ended in the middle. */
  tidy(workspace: string, path: string): Promise<void>;
  /** Resolves when everything done so far also survives a loss of power. Errors: `unavailable`. */
  settle(): Promise<void>;
  /** Lets go of blobs that none of `needed` names, oldest first, until at most `budgetBytes` remain besides the needed ones. Answers what was let go. */
  collectGarbage(needed: ReadonlySet<Digest>, budgetBytes: number): Promise<readonly Digest[]>;
}
