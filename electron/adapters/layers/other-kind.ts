import { lstat, mkdir } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { holdFolder, isGone, using } from './descriptors.ts';
import { discard, type LayerFolder } from './layer-folder.ts';

/** What each kind keeps in a layer's folder; by the first it is known. */
const names = { overlay: ['upper', 'work'], fuse: ['fuse'], copy: ['copy', 'manifest.json'] } as const;
type Kind = keyof typeof names;
const kinds: readonly Kind[] = ['overlay', 'fuse', 'copy'];

/**
 * Lets go of what layers of other kinds left, when what works on this machine has changed since. Answers whether anything was there.
 * Errors: `unavailable` when something in them is held, which would be lost.
 */
export const leaveOtherKinds = async (folder: LayerFolder, kind: Kind, held: readonly unknown[]): Promise<boolean> => {
  const [upper, fuse, copy] = await Promise.all([folder.upper, folder.fuse, folder.copy].map(isThere));
  const found = { overlay: upper === true, fuse: fuse === true, copy: copy === true };
  const others = kinds.filter((other) => other !== kind && found[other]);
  if (others.length === 0) return false;
  // Only one kind is there at a time: what is held lies in this one.
  if (held.length > 0) {
    throw new AppError(
      'unavailable',
      `what the task holds lies in a layer of another kind (${others.join(', ')}), which does not work here any more: decide on its held changes first`,
    );
  }
  await mkdir(folder.trash, { recursive: true, mode: 0o700 });
  await using(await holdFolder(folder.trash), async (trash) =>
    using(await holdFolder(folder.path), async (parent) => {
      for (const name of others.flatMap((other) => names[other])) await discard(parent, name, trash);
    }),
  );
  return true;
};

const isThere = async (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isGone(error)) return false;
      throw error;
    },
  );
