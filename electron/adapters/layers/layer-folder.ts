import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { below, errnoOf, holdChild, holdFolder, isGone, itself, using, type Held } from './descriptors.ts';

/** Where one workspace's layer is kept. */
export interface LayerFolder {
  readonly path: string;
  readonly upper: string;
  readonly work: string;
  /** What fuse-overlayfs keeps, in folders of the same names. */
  readonly fuse: string;
  /** Where no overlay can be mounted: a copy of the workspace, and what it was when it was made. */
  readonly copy: string;
  readonly manifest: string;
  /** What is let go lies here until it is removed; also after a crash. */
  readonly trash: string;
}

export const layerFolder = (taskFolder: string, workspace: string): LayerFolder => {
  const path = join(taskFolder, createHash('sha256').update(workspace).digest('hex').slice(0, 32));
  return {
    path,
    upper: join(path, 'upper'),
    work: join(path, 'work'),
    fuse: join(path, 'fuse'),
    copy: join(path, 'copy'),
    manifest: join(path, 'manifest.json'),
    trash: join(path, 'trash'),
  };
};

const trashName = (): string => randomBytes(12).toString('hex');

/** Moves an entry of a held folder out of sight; removing it takes time, this does not. */
export const discard = async (parent: Held, name: string | Buffer, trash: Held): Promise<void> =>
  moveEntry(parent, name, trash, trashName());

/** Moves an entry from one held folder to another, whatever its mode. What has gone meanwhile is no error. */
export const moveEntry = async (from: Held, name: string | Buffer, to: Held, newName: string): Promise<void> => {
  const move = async (): Promise<void> => rename(below(from, name), below(to, newName));
  await move().catch(async (error: unknown) => {
    if (isGone(error)) return;
    if (errnoOf(error) !== 'EACCES') throw error;
    const child = await holdChild(from, name);
    // A folder moves only when its own `..` may be written.
    if (child !== null) await using(child, async (held) => unlocked(held, move));
  });
};

/** Works with a held folder that its own mode may lock even for us, and gives it its mode back. */
export const unlocked = async <T>(folder: Held, work: () => Promise<T>): Promise<T> => {
  const mode = Number(folder.stat.mode) & 0o7777;
  if ((mode & 0o700) === 0o700 || !folder.stat.isDirectory()) return work();
  await chmod(itself(folder), 0o700);
  try {
    return await work();
  } finally {
    await chmod(itself(folder), mode);
  }
};

/**
 * Empties the trash. A tree is flattened, one folder at a time, so that neither its depth nor the length of its paths matters, and every
 * step is by descriptor: a process of the agent's that survived could still move things in there.
 */
export const emptyTrash = async (path: string): Promise<void> => {
  const held = await holdFolder(path).catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
  if (held === null) return;
  await using(held, async (trash) => {
    for (;;) {
      const names = await readdir(itself(trash));
      if (names.length === 0) return;
      for (const name of names) await removeOne(trash, name);
    }
  });
};

const removeOne = async (trash: Held, name: string): Promise<void> => {
  const child = await holdChild(trash, name);
  if (child === null) return;
  await using(child, async (folder) => {
    const at = below(trash, name);
    if (!folder.stat.isDirectory()) return unlink(at);
    await chmod(itself(folder), 0o700);
    for (const inner of await readdir(itself(folder), { encoding: 'buffer' })) {
      await unlink(below(folder, inner)).catch(async (error: unknown) => {
        if (isGone(error)) return;
        // unlink(2) answers EISDIR for a folder; POSIX also allows EPERM.
        if (!['EISDIR', 'EPERM'].includes(errnoOf(error) ?? '')) throw error;
        await discard(folder, inner, trash);
      });
    }
    await rmdir(at).catch((error: unknown) => {
      // Something was added meanwhile: the next round takes it.
      if (!isGone(error) && errnoOf(error) !== 'ENOTEMPTY') throw error;
    });
  });
};

/** Removes everything of a task's, whatever modes and depths its layers have. */
export const removeLayers = async (taskFolder: string): Promise<void> => {
  const parent = await holdFolder(taskFolder).catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
  if (parent === null) return;
  await using(parent, async (folder) => {
    const trash = join(taskFolder, 'trash');
    await mkdir(trash, { recursive: true, mode: 0o700 });
    await using(await holdFolder(trash), async (into) => {
      for (const name of await readdir(itself(folder))) if (name !== 'trash') await discard(folder, name, into);
    });
    await emptyTrash(trash);
    await rmdir(trash);
  });
  await rmdir(taskFolder);
};
