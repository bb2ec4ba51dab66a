import type { FileVersion } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';

/** One step on the real tree, from a version that must be there to another. */
export interface FileStep {
  readonly workspace: string;
  /** Absolute, in `workspace`. */
  readonly path: string;
  readonly expected: FileVersion | null;
  readonly wanted: FileVersion | null;
}

export type StepResult =
  | { readonly ok: true }
  /** What is there is not what was expected; nothing was touched. `actual` is what is there. */
  | { readonly ok: false; readonly actual: FileVersion | null };

/** Content kept by its hash, and the real tree's files, changed one at a time and each in one motion. */
export interface ChangeFiles {
  /** Keeps the content of a real file, or of a file in a view, durably. Errors: `conflict` when its hash is another by now, `unavailable` without space. */
  keep(
    source: {
      readonly root: { readonly workspace: string; readonly fd: number } | null;
      readonly workspace: string;
      readonly path: string;
    },
    sha256: Digest,
  ): Promise<void>;
  /** Whether a blob is there. */
  has(sha256: Digest): Promise<boolean>;
  /** Reads at most `limit` bytes of a kept blob. Errors: `not_found`. */
  read(sha256: Digest, limit: number): Promise<Uint8Array>;
  /** What the real tree has at a path; never follows a link. Errors: `forbidden` outside the workspace or in the gateway's own folders. */
  inspect(workspace: string, path: string): Promise<FileVersion | null>;
  /**
   * Brings one path from `expected` to `wanted`: temporary file and rename, or unlink, mkdir, rmdir, symlink, chmod, all below a folder that is held
   * open and reached without following a link. Content comes from a kept blob. Missing parents are not made: they are steps of their own.
   * When the path already is as wanted, that is ok. Errors: `forbidden`, `unavailable`.
   */
  apply(step: FileStep): Promise<StepResult>;
  /** Lets go of blobs that none of `needed` names, oldest first, until at most `budgetBytes` remain besides the needed ones. Answers what was let go. */
  collectGarbage(needed: ReadonlySet<Digest>, budgetBytes: number): Promise<readonly Digest[]>;
}
