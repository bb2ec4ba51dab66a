import { chmod, mkdir, rename } from 'node:fs/promises';
import { createTurns } from '../../core/turns.ts';
import { below, holdChild, itself, listNames, using, type Held } from './descriptors.ts';
import { discard, moveEntry, unlocked } from './layer-folder.ts';

/** Paths that stay, as a tree of names. An empty branch is a held path: it stays with everything in it. */
export type Branch = Map<string, Branch>;

export const branchesOf = (paths: readonly (readonly string[])[]): Branch => {
  const root: Branch = new Map();
  for (const path of paths) {
    let at = root;
    for (const [index, name] of path.entries()) {
      const next = at.get(name);
      // A folder above is held already, and so is this.
      if (next?.size === 0) break;
      if (index === path.length - 1) at.set(name, new Map());
      else at = next ?? at.set(name, new Map()).get(name) ?? at;
    }
  }
  return root;
};

interface Pruning {
  readonly trash: Held;
  /** A folder on the same file system in which fresh folders are made. */
  readonly nursery: Held;
}

/**
 * Lets go of everything in an upper folder that `kept` does not name. Folders above a held path stay, but as fresh ones: whether a folder hides
 * what the real one has is an attribute that Node cannot read, and a fresh folder hides nothing. Answers whether anything is left.
 */
export const prune = async (upper: Held, real: Held | null, kept: Branch, pruning: Pruning): Promise<boolean> => {
  const { names, odd } = await listNames(upper);
  for (const name of odd) await discard(upper, name, pruning.trash);
  let isLeft = false;
  for (const name of names) {
    const below = kept.get(name);
    if (below === undefined) await discard(upper, name, pruning.trash);
    else if (below.size === 0) isLeft = true;
    else if (await pruneBelow(upper, name, real, below, pruning)) isLeft = true;
  }
  return isLeft;
};

const pruneBelow = async (parent: Held, name: string, real: Held | null, kept: Branch, pruning: Pruning): Promise<boolean> => {
  const child = await holdChild(parent, name);
  if (child === null) return false;
  return using(child, async (folder) => {
    const realChild = real === null ? null : await holdChild(real, name);
    const close = async (): Promise<void> => realChild?.handle.close();
    try {
      // What is no folder stands where a folder of a held path was: it goes, unless the held paths are what it stands for.
      if (!folder.stat.isDirectory()) {
        if (realChild?.stat.isDirectory() === true) return true;
        await discard(parent, name, pruning.trash);
        return false;
      }
      const realFolder = realChild?.stat.isDirectory() === true ? realChild : null;
      return await unlocked(folder, async () => {
        if (await hidesHeld(folder, realFolder, kept)) return true;
        const isLeft = await prune(folder, realFolder, kept, pruning);
        if (isLeft) await replaceFolder(parent, name, folder, realFolder ?? folder, pruning);
        else await discard(parent, name, pruning.trash);
        return isLeft;
      });
    } finally {
      await close();
    }
  });
};

/** A held deletion with no mark of its own: the folder itself hides what is deleted, so it must stay as it is. */
const hidesHeld = async (upper: Held, real: Held | null, kept: Branch): Promise<boolean> => {
  if (real === null) return false;
  const turn = createTurns();
  for (const name of kept.keys()) {
    await turn();
    const [ours, theirs] = [await holdChild(upper, name), await holdChild(real, name)];
    await ours?.handle.close();
    await theirs?.handle.close();
    if (ours === null && theirs !== null) return true;
  }
  return false;
};

/** Puts a fresh folder with the same content, and `like`'s mode, in the place of one. */
const replaceFolder = async (parent: Held, name: string, folder: Held, like: Held, { trash, nursery }: Pruning): Promise<void> => {
  const fresh = below(nursery, name);
  await mkdir(fresh, { mode: 0o700 });
  const made = await holdChild(nursery, name);
  if (made === null) return;
  await using(made, async (target) => {
    const { names } = await listNames(folder);
    for (const inner of names) await moveEntry(folder, inner, target, inner);
    await discard(parent, name, trash);
    await rename(fresh, below(parent, name));
    await chmod(itself(target), Number(like.stat.mode) & 0o7777);
  });
};
