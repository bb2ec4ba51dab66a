import { chmod, mkdir } from 'node:fs/promises';
import { errnoOf, holdChild, holdFolder, itself, listNames, using, type Held } from './descriptors.ts';
import { discard, type LayerFolder } from './layer-folder.ts';
import { branchesOf, prune } from './prune.ts';
import { modeOf } from './versions.ts';

/** What is mounted over a workspace, held. The caller closes both. */
export interface PreparedLayer {
  readonly upper: Held;
  readonly work: Held;
  /** Whether something was let go that still lies in the trash. */
  readonly hasTrash: boolean;
}

/**
 * Makes a layer ready to be mounted: what `held` (names below the workspace) does not name is let go. An empty layer is left as it is, and one of
 * which nothing is kept is replaced as a whole, whatever its size.
 */
export const prepareLayer = async (folder: LayerFolder, real: Held, held: readonly (readonly string[])[]): Promise<PreparedLayer> => {
  let ready = await holdOrMake(folder);
  try {
    // A mode that the task gave to its view of the workspace may keep even us out.
    if ((modeOf(ready.upper) & 0o700) !== 0o700) await chmod(itself(ready.upper), 0o700);
    const { names, odd } = await listNames(ready.upper);
    const isEmpty = names.length === 0 && odd.length === 0;
    if (!isEmpty && !(await keepHeld(folder, ready.upper, real, held))) {
      await close(ready);
      ready = await holdOrMake(folder);
    }
    // The merged folder shows the upper one's mode as the workspace's own.
    await chmod(itself(ready.upper), modeOf(real));
    return { ...ready, hasTrash: !isEmpty };
  } catch (error) {
    await close(ready);
    throw error;
  }
};

type Pair = Omit<PreparedLayer, 'hasTrash'>;

const close = async ({ upper, work }: Pair): Promise<void> => {
  await Promise.all([upper.handle.close(), work.handle.close()]);
};

/** Answers whether anything is kept; otherwise the whole layer has been let go. */
const keepHeld = async (folder: LayerFolder, upper: Held, real: Held, held: readonly (readonly string[])[]): Promise<boolean> => {
  await makeFolder(folder.trash);
  return using(await holdFolder(folder.trash), async (trash) => {
    if (held.length > 0 && (await prune(upper, real, branchesOf(held), { trash, nursery: trash }))) return true;
    await using(await holdFolder(folder.path), async (parent) => {
      await discard(parent, 'upper', trash);
      await discard(parent, 'work', trash);
    });
    return false;
  });
};

const holdOrMake = async (folder: LayerFolder): Promise<Pair> => {
  const held = await holdBoth(folder);
  if (held !== null) return held;
  // 0700: nobody else gets past this folder, whatever the modes below it.
  await mkdir(folder.path, { recursive: true, mode: 0o700 });
  await Promise.all([makeFolder(folder.upper), makeFolder(folder.work)]);
  const made = await holdBoth(folder);
  if (made === null) throw new Error('a layer vanished while it was made');
  return made;
};

const holdBoth = async (folder: LayerFolder): Promise<Pair | null> => {
  const parent = await holdFolder(folder.path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (parent === null) return null;
  return using(parent, async () => {
    const [upper, work] = [await holdChild(parent, 'upper'), await holdChild(parent, 'work')];
    if (upper !== null && work !== null) return { upper, work };
    await Promise.all([upper?.handle.close(), work?.handle.close()]);
    return null;
  });
};

const makeFolder = async (path: string): Promise<void> => {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
};
