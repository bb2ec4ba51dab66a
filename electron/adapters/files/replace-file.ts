import { randomBytes } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { link, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import type { AppError } from '../../../shared/errors.ts';
import { asAppError, below, errnoOf } from './descriptors.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;

export interface Replacement {
  readonly directory: FileHandle;
  readonly name: string;
  /** For messages only. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
  /** The file that is replaced; null makes a new one, and fails where something has appeared. */
  readonly replaces: BigIntStats | null;
  /** Called when the new content is on disk, right before it takes the name. */
  readonly checkUnchanged: () => Promise<void>;
  readonly changed: () => AppError;
}

/**
 * Writes a temporary file below the held folder, syncs it, and moves it over the name. Readers see the old content or the new one,
 * and a link at the name, hard or symbolic, is replaced and never written through.
 */
export const replaceFile = async (replacement: Replacement): Promise<void> => {
  const { directory, name, path, content, replaces } = replacement;
  const temporary = below(directory, `.gatehouse-${randomBytes(9).toString('hex')}.tmp`);
  let isThere = false;
  try {
    await replacement.checkUnchanged();
    const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    isThere = true;
    try {
      await file.writeFile(content);
      if (replaces !== null) await keepOwner(file, replaces);
      // SECURITY: never the set-uid, set-gid or sticky bit.
      await file.chmod(replacement.mode & 0o777);
      await file.sync();
    } finally {
      await file.close();
    }
    await replacement.checkUnchanged();
    if (replaces === null) {
      // link(2), unlike rename(2), fails where something has appeared meanwhile.
      await link(temporary, below(directory, name));
    } else {
      await rename(temporary, below(directory, name));
      isThere = false;
    }
    await syncDirectory(directory);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw replacement.changed();
    throw asAppError(error, path);
  } finally {
    if (isThere) await unlink(temporary).catch(() => undefined);
  }
};

/** Only root can give files away; anybody else already owns what is written. */
const keepOwner = async (file: FileHandle, of: BigIntStats): Promise<void> => {
  if (process.getuid?.() === 0) await file.chown(Number(of.uid), Number(of.gid));
};

const syncDirectory = async (directory: FileHandle): Promise<void> => {
  const readable = await open(below(directory, '.'), O_RDONLY | O_DIRECTORY);
  try {
    await readable.sync();
  } finally {
    await readable.close();
  }
};
