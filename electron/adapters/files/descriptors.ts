import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';

/** Linux's O_PATH (asm-generic: x86, arm64); Node does not export it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Device and inode: what a name led to, whatever it is called now. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** An O_PATH descriptor and what it referred to when it was opened. */
export interface Held {
  readonly handle: FileHandle;
  readonly stat: BigIntStats;
}

export const isSame = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

export const identityKey = (of: Identity): string => `${of.dev.toString()}:${of.ino.toString()}`;

/**
 * The path of an entry below a held directory. Node has no openat(2); the kernel's link below /proc/self/fd leads to the held
 * directory itself and not to its name, so this is the same thing.
 */
export const below = (directory: FileHandle, name: string): string => `/proc/self/fd/${directory.fd}/${name}`;

const itself = (held: FileHandle): string => `/proc/self/fd/${held.fd}`;

const hold = async (path: string, flags: number): Promise<Held> => {
  const handle = await open(path, O_PATH | flags);
  try {
    return { handle, stat: await handle.stat({ bigint: true }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** Holds what a name below a held directory leads to, a symbolic link itself included; nothing is opened for reading, so nothing can hang. */
export const holdChild = async (directory: FileHandle, name: string): Promise<Held> => hold(below(directory, name), O_NOFOLLOW);

/** Holds a directory by its absolute path. */
export const holdDirectory = async (path: string): Promise<Held> => hold(path, O_NOFOLLOW | O_DIRECTORY);

/** Holds the folder that another descriptor of ours is open on. */
export const holdRoot = async (fd: number): Promise<Held> => hold(`/proc/self/fd/${fd}`, O_DIRECTORY);

/** A second descriptor for the same thing, to be closed on its own. */
export const holdAgain = async (held: FileHandle): Promise<Held> => hold(itself(held), 0);

/** Opens what is held for reading. O_NONBLOCK: a FIFO or a terminal never makes the gateway wait. */
export const openHeld = async (held: FileHandle): Promise<FileHandle> => open(itself(held), O_RDONLY | O_NONBLOCK | O_NOCTTY);

/** Files up to this size are read, hashed and written in one go; handing each system call to another thread takes twenty times as long. */
export const smallBytes = 1024 * 1024;

/** Everything in a small regular file that is held, as it is now; null when it has become a big one. */
export function readHeld(held: number): Buffer | null {
  // Never waits: what is held is a regular file.
  const fd = openSync(`/proc/self/fd/${held}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const size = fstatSync(fd).size;
    if (size > smallBytes) return null;
    const buffer = Buffer.allocUnsafe(size + 1);
    let length = 0;
    while (length < buffer.length) {
      const bytesRead = readSync(fd, buffer, length, buffer.length - length, length);
      length += bytesRead;
      // All that its folder tells of, and not one byte more when there was room for it; most files need no second question.
      if (bytesRead === 0 || length === size) return buffer.subarray(0, length);
    }
    // It grows while it is read.
    return null;
  } finally {
    closeSync(fd);
  }
}

/** Where the kernel says that a held thing is now, without any symbolic link; ends in ` (deleted)` when it was removed. */
export const pathOf = async (held: FileHandle): Promise<string> => readlink(itself(held));

export const errnoOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** What a failed system call means to whoever asked for `path`. */
export const asAppError = (error: unknown, path: string): unknown => {
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError('not_found', `there is nothing at ${path}`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError('forbidden', `the operating system does not allow this at ${path}: check its permissions`, { cause: error });
    case 'ENAMETOOLONG':
      return new AppError('invalid_input', `a name in ${path.slice(0, 200)} is too long`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError('unavailable', `no space is left for ${path}: free some and try again`, { cause: error });
    case 'EMFILE':
    case 'ENFILE':
      return new AppError('unavailable', 'too many files are open: try again when running calls have ended', { cause: error });
    default:
      return error;
  }
};
