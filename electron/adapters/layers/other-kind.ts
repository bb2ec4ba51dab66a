import { lstat, mkdir } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { holdFolder, isGone, using } from './descriptors.ts';
import { discard, type LayerFolder } from './layer-folder.ts';

const names = { overlay: ['upper', 'work'], copy: ['copy', 'manifest.json'] } as const;

/**
 * Lets go of what a layer of another kind left, when what works on this machine has changed since. Answers whether anything was there.
 * Errors: `unavailable` when something in it is held, which would be lost.
 */
export const leaveOtherKind = async (folder: LayerFolder, kind: 'overlay' | 'copy', held: readonly unknown[]): Promise<boolean> => {
  const other = kind === 'overlay' ? 'copy' : 'overlay';
  const isThere = await lstat(other === 'overlay' ? folder.upper : folder.copy).then(
    () => true,
    (error: unknown) => {
      if (isGone(error)) return false;
      throw error;
    },
  );
  if (!isThere) return false;
  // Only one kind is there at a time: what is held lies in this one.
  if (held.length > 0) {
    throw new AppError(
      'unavailable',
      `what the task holds lies in a layer of another kind (${other}), which does not work here any more: decide on its held changes first`,
    );
  }
  await mkdir(folder.trash, { recursive: true, mode: 0o700 });
  await using(await holdFolder(folder.trash), async (trash) =>
    using(await holdFolder(folder.path), async (parent) => {
      for (const name of names[other]) await discard(parent, name, trash);
    }),
  );
  return true;
};
