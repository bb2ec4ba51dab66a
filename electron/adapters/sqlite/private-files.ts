import { chmodSync, closeSync, constants, fchmodSync, lstatSync, mkdirSync, openSync, type Stats } from 'node:fs';
import { AppError } from '../../../shared/errors.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const PERMISSIONS = 0o777;

/** A file or folder that others could reach, and no longer can. Modes are permission bits. */
export interface PermissionRepair {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Creates the data directory with mode 0700, or checks it and takes away what others may do there; modes do not depend on the umask.
 * Errors: `unavailable` when it is a symbolic link, not a directory, or somebody else's.
 */
export function preparePrivateDirectory(path: string): PermissionRepair[] {
  mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  const stats = lstatSync(path);
  // SECURITY: whoever owns the folder, or can repoint a link to it, can replace the log underneath us.
  if (stats.isSymbolicLink()) throw refused(path, 'is a symbolic link', 'Name the real folder with --data-dir.');
  if (!stats.isDirectory()) throw refused(path, 'is not a folder', 'Move that file away, or name another folder with --data-dir.');
  refuseForeign(path, stats);
  return repaired(path, stats, DIRECTORY_MODE);
}

/**
 * Makes a file private (0600) by its path, and creates it empty when it is missing and `create` is set. Never opens a file that
 * exists: closing a second descriptor would drop the locks that SQLite holds on it in this process.
 * Errors: `unavailable` when it is a symbolic link, not a regular file, or somebody else's.
 */
export function preparePrivateFile(path: string, options: { readonly create: boolean }): PermissionRepair[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    if (options.create) closeSync(createPrivateFile(path));
    return [];
  }
  // SECURITY: a link planted under the database's name would make us write somewhere else.
  if (!stats.isFile()) throw refused(path, 'is not a regular file', 'Move it away and start again.');
  refuseForeign(path, stats);
  return repaired(path, stats, FILE_MODE);
}

/** Creates a file that did not exist, 0600 whatever the umask, and answers its open descriptor. */
export function createPrivateFile(path: string): number {
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
  const descriptor = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, FILE_MODE);
  fchmodSync(descriptor, FILE_MODE);
  return descriptor;
}

function refuseForeign(path: string, stats: Stats): void {
  if (stats.uid === process.geteuid?.()) return;
  throw refused(
    path,
    `belongs to another user (uid ${stats.uid})`,
    'Start Gatehouse as that user, or name another folder with --data-dir.',
  );
}

// Only takes away: a folder that its owner made read-only stays so, and the start says why it failed.
function repaired(path: string, stats: Stats, allowed: number): PermissionRepair[] {
  const from = stats.mode & PERMISSIONS;
  const to = from & allowed;
  if (from === to) return [];
  chmodSync(path, to);
  return [{ path, from, to }];
}

const refused = (path: string, why: string, next: string): AppError =>
  new AppError('unavailable', `${path} ${why}, so the log was not opened. ${next}`);
