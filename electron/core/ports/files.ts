import type { LayerRoot } from './layers.ts';
import type { Digest } from '../../../shared/domain/identity.ts';

export type FileKind = 'file' | 'directory' | 'other';

/**
 * A path that has been walked to, component by component, without ever leaving its workspace, and is now held by an open descriptor.
 * Whatever happens to the names on disk afterwards, operations go to what was resolved (THREATS rule 12).
 * Every handle must be closed.
 */
export interface HeldPath {
  /** Absolute path at the time it was resolved, symbolic links inside the workspace followed. */
  readonly path: string;
  /** The workspace it lies in. */
  readonly workspace: string;
  /** What is there, or null when the last component does not exist (only its parent is held). */
  readonly kind: FileKind | null;
  readonly size: number | null;
  /** Permissions of a regular file, without set-uid, set-gid and sticky; null for anything else. */
  readonly mode: number | null;
  /** Reads at most `limit` bytes from `offset`. Errors: `not_found`, `invalid_input` when it is not a regular file, `conflict` when it changed since it was resolved. */
  read(options: { readonly offset: number; readonly limit: number }): Promise<Uint8Array>;
  /**
   * Replaces the content atomically (temporary file and rename below the held parent), keeping an existing file's mode.
   * Errors: `conflict` when what is there is no longer what was resolved.
   */
  write(content: Uint8Array, options: { readonly mode?: number }): Promise<void>;
  /** Entries of a held directory, without following links. */
  list(): Promise<readonly { readonly name: string; readonly kind: FileKind | 'symlink'; readonly size: number }[]>;
  /** A child of a held directory, by one name. */
  child(name: string): Promise<HeldPath>;
  /** SHA-256 of the whole content as it is now. Limit in bytes; larger → `invalid_input`. */
  sha256(limit: number): Promise<Digest>;
  close(): Promise<void>;
}

/** The operator's file system, seen only below workspaces. */
export interface Files {
  /**
   * Resolves a path for a token. `path` may be absolute or relative to the first workspace. Refuses (`forbidden`) whatever is
   * outside every workspace or inside the gateway's own folders, (`invalid_input`) NUL bytes, empty names and over-long paths,
   * (`not_found`) missing parents. A workspace that `roots` names is walked from that descriptor, a task's layer, instead of the real folder.
   */
  resolve(workspaces: readonly string[], path: string, roots?: readonly LayerRoot[]): Promise<HeldPath>;
  /**
   * Checks that a folder may be a workspace: exists, is a directory, and by its resolved path is not `/`, HOME itself, a system
   * folder, nor is, holds or lies in the data directory. Returns the resolved path. Errors: `invalid_input` with what to choose instead.
   */
  checkWorkspace(path: string): Promise<string>;
}
