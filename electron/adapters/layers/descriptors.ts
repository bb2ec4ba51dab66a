import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';

/** Linux's O_PATH (asm-generic: x86, arm64); Node does not export it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** A descriptor of ours. Closing it again is no harm. */
export interface Handle {
  readonly fd: number;
  close(): Promise<void>;
}

/** An O_PATH descriptor and what it referred to when it was opened. */
export interface Held {
  readonly handle: Handle;
  readonly stat: BigIntStats;
}

/** The kernel's link leads to the held thing itself and not to its name. */
export const itself = ({ handle }: Held): string => `/proc/self/fd/${handle.fd}`;

/** The path of an entry below a held folder: what openat(2) would do, which Node has not. */
export const below = (folder: Held, name: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${itself(folder)}/`), Buffer.from(name)]);

const hold = async (path: string | Buffer, flags: number): Promise<Held> => {
  const handle = await open(path, O_PATH | flags);
  try {
    return { handle, stat: statNow({ handle }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** What is held, as it is now. */
export const statNow = ({ handle }: Pick<Held, 'handle'>): BigIntStats => fstatSync(handle.fd, { bigint: true });

/** Holds a folder by its path; its last component is no link. */
export const holdFolder = async (path: string): Promise<Held> => hold(path, O_NOFOLLOW | O_DIRECTORY);

/**
 * Holds what a name below a held folder leads to, a symbolic link itself included; null when nothing is there. At once: a walk holds thousands
 * of names, and handing each system call to another thread takes twenty times as long. A walk takes turns, see core/turns.ts.
 */
export const holdChild = async (folder: Held, name: string | Buffer): Promise<Held | null> => {
  let fd: number;
  try {
    fd = openSync(below(folder, name), O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  const handle = handleOf(fd);
  try {
    return { handle, stat: statNow({ handle }) };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

const handleOf = (fd: number): Handle => {
  let isOpen = true;
  return {
    fd,
    async close() {
      // The number is given to the next file at once.
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
};

/** Holds a held folder once more, to be closed on its own. */
export const holdAgain = async (held: Held): Promise<Held> => hold(itself(held), O_DIRECTORY);

/** Opens a held file for reading. O_NONBLOCK: nothing makes the gateway wait. */
export const openHeld = async (held: Held): Promise<FileHandle> => open(itself(held), O_RDONLY | O_NONBLOCK | O_NOCTTY);

export const errnoOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** What a name led to has gone since it was read. */
export const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'ESTALE', 'ELOOP'].includes(errnoOf(error) ?? '');

/** Names in a held folder, in order; those that are no Unicode apart, since no path in a change could name them. */
export const listNames = async (folder: Held): Promise<{ readonly names: readonly string[]; readonly odd: readonly Buffer[] }> => {
  const names: string[] = [];
  const odd: Buffer[] = [];
  for (const bytes of await readdir(itself(folder), { encoding: 'buffer' })) {
    const name = bytes.toString();
    if (Buffer.from(name).equals(bytes)) names.push(name);
    else odd.push(bytes);
  }
  return { names: names.sort(byBytes), odd };
};

export const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Lends what is held to `use` and closes it afterwards. */
export const using = async <T>(held: Held, use: (held: Held) => Promise<T>): Promise<T> => {
  try {
    return await use(held);
  } finally {
    await held.handle.close();
  }
};
