import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../../shared/errors.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const PERMISSIONS = 0o777;

/** A configuration file as it was found. `path` is the real file where the given one is a symbolic link. */
export interface FoundFile {
  readonly path: string;
  readonly isLink: boolean;
  /** Null when there is no such file. */
  readonly text: string | null;
  readonly sha256: string | null;
  /** Permission bits; null when there is no such file. */
  readonly mode: number | null;
}

/**
 * Reads a configuration file, following a symbolic link to the file that it stands for.
 * Errors: `forbidden` when it is not a plain text file of this user's own, or a link that leads nowhere.
 */
export function readConfigFile(path: string): FoundFile {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return { path, isLink: false, text: null, sha256: null, mode: null };
  const real = entry.isSymbolicLink() ? target(path) : path;
  const stats = lstatSync(real);
  if (!stats.isFile()) throw new AppError('forbidden', `${real} is not a regular file.`);
  // SECURITY: a file of another user's is neither ours to change nor a place for a token.
  if (stats.uid !== process.geteuid?.()) throw new AppError('forbidden', `${real} belongs to another user.`);
  if (stats.size > MAX_BYTES) throw new AppError('forbidden', `${real} is larger than 16 MB.`);
  const bytes = readFileSync(real);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new AppError('forbidden', `${real} is not UTF-8 text.`);
  return { path: real, isLink: entry.isSymbolicLink(), text, sha256: sha256(text), mode: stats.mode & PERMISSIONS };
}

function target(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new AppError('forbidden', `${path} is a symbolic link that leads nowhere.`, { cause });
  }
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** Puts a file in the place of another in one step, with exactly this mode; folders that are missing are made 0700. */
export function replaceConfigFile(path: string, text: string, mode: number): void {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  createConfigFile(fresh, text, mode);
  try {
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Writes a file that must not exist yet, durably, with exactly this mode. */
export function createConfigFile(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SECURITY: exclusive, so that a link planted under this name is not followed; the mode holds before a byte is in it.
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(descriptor, mode);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
