import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';

export interface HomeFoldersDeps {
  /** The gateway's own folder; the HOMEs are in `homes` there. */
  readonly stateDir: string;
  /** Bytes on disk of all of them together, from which on the longest unused go; default: 4 GiB. */
  readonly budgetBytes?: number;
  /** Milliseconds between two measurements, which walk over everything; default: five minutes. */
  readonly sweepMs?: number;
}

/** A HOME that is in use. */
export interface HomeFolder {
  readonly fd: number;
  close(): Promise<void>;
}

/** The HOME that commands of a workspace share, private to us. */
export interface HomeFolders {
  /** Opens a workspace's, made when it is missing; it stays until it is closed. Errors: `unavailable`. */
  open(workspace: string): Promise<HomeFolder>;
  /** Resolves when no cleaning is under way. */
  settled(): Promise<void>;
}

const usualBudget = 4 * 1024 * 1024 * 1024;
const usualSweepMs = 5 * 60_000;
const isName = (name: string): boolean => /^[0-9a-f]{32}$/.test(name);

export const createHomeFolders = ({ stateDir, budgetBytes = usualBudget, sweepMs = usualSweepMs }: HomeFoldersDeps): HomeFolders => {
  const folder = join(stateDir, 'homes');
  const users = new Map<string, number>();
  /** Of those that are being moved away. */
  const going = new Map<string, Promise<unknown>>();
  let sweeping: Promise<void> | null = null;
  let sweptAt = -Infinity;

  /** SECURITY: beside the HOME and not in it, where a command could say when it was used last. */
  const usedFile = (name: string): string => join(folder, `${name}.used`);
  const touch = async (name: string): Promise<void> => {
    const now = new Date();
    await utimes(usedFile(name), now, now).catch(async () => writeFile(usedFile(name), '', { mode: 0o600 }));
  };

  /** Out of the way in one motion, then gone: nobody meets half of one. */
  const remove = async (name: string): Promise<void> => {
    const trash = join(folder, `.trash-${randomBytes(8).toString('hex')}`);
    const moved = rename(join(folder, name), trash);
    going.set(
      name,
      moved.catch(() => undefined),
    );
    try {
      await moved;
    } finally {
      going.delete(name);
    }
    await rm(trash, { recursive: true, force: true });
    await rm(usedFile(name), { force: true });
  };

  const sweep = async (): Promise<void> => {
    const names = await readdir(folder);
    for (const name of names.filter((one) => one.startsWith('.trash-'))) await rm(join(folder, name), { recursive: true, force: true });
    const homes = [];
    for (const name of names.filter(isName)) {
      const used = await stat(usedFile(name)).catch(() => null);
      homes.push({ name, bytes: await bytesOf(Buffer.from(join(folder, name))), at: used?.mtimeMs ?? 0 });
    }
    let total = homes.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of homes.sort((one, other) => one.at - other.at)) {
      if (total <= budgetBytes) return;
      if ((users.get(name) ?? 0) > 0) continue;
      await remove(name);
      total -= bytes;
    }
  };

  const release = async (name: string): Promise<void> => {
    await touch(name).catch(() => undefined);
    const left = (users.get(name) ?? 1) - 1;
    if (left > 0) users.set(name, left);
    else users.delete(name);
    if (sweeping !== null || performance.now() - sweptAt < sweepMs) return;
    sweptAt = performance.now();
    // What cannot be measured or removed now is tried again the next time.
    sweeping = sweep()
      .catch(() => undefined)
      .finally(() => {
        sweeping = null;
      });
  };

  return {
    async open(workspace) {
      const name = createHash('sha256').update(workspace).digest('hex').slice(0, 32);
      // Counted first: from here on nothing moves it away.
      users.set(name, (users.get(name) ?? 0) + 1);
      let isOpen = true;
      try {
        await going.get(name);
        const handle = await openHomeFolder(join(folder, name));
        return {
          fd: handle.fd,
          async close() {
            if (!isOpen) return;
            isOpen = false;
            await handle.close();
            await release(name);
          },
        };
      } catch (error) {
        await release(name);
        throw error;
      }
    },
    settled: async () => {
      await sweeping;
    },
  };
};

const openHomeFolder = async (path: string): Promise<FileHandle> => {
  const refuse = (cause?: unknown): AppError =>
    new AppError('unavailable', `${path} cannot be used as a HOME for commands: remove it`, { cause });
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw refuse(error);
  });
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw refuse(error);
  });
  try {
    const found = await handle.stat();
    if (found.uid !== process.getuid?.()) throw refuse();
    if ((found.mode & 0o777) !== 0o700) await handle.chmod(0o700);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** What a tree takes on disk. Names need be no Unicode. Never follows a link; what cannot be looked at counts for nothing. */
const bytesOf = async (path: Buffer): Promise<number> => {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 0;
  const own = found.blocks * 512;
  if (!found.isDirectory()) return own;
  let total = own;
  for (const name of await readdir(path, { encoding: 'buffer' }).catch(() => []))
    total += await bytesOf(Buffer.concat([path, Buffer.from('/'), name]));
  return total;
};
