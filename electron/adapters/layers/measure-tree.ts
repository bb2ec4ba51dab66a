import { lstat } from 'node:fs/promises';
import { below, errnoOf, holdChild, isGone, listNames, using, type Held } from './descriptors.ts';

const depthLimit = 256;
const batch = 16;

/** Counts everything in a folder that is not mounted over it, by size; what cannot be read is left out. `count` ends the walk by throwing. */
export const measureTree = async (folder: Held, count: (bytes: number) => void, depth = 0): Promise<void> => {
  if (depth >= depthLimit) return;
  const names = await listNames(folder).then(
    (listed) => listed.names,
    (error: unknown) => tolerate(error, []),
  );
  const inner: string[] = [];
  for (let from = 0; from < names.length; from += batch) {
    await Promise.all(
      names.slice(from, from + batch).map(async (name) => {
        const stat = await lstat(below(folder, name), { bigint: true }).catch((error: unknown) => tolerate(error, null));
        if (stat === null) return;
        if (stat.isDirectory()) inner.push(name);
        count(stat.isDirectory() ? 0 : Number(stat.size));
      }),
    );
  }
  for (const name of inner) {
    const child = await holdChild(folder, name).catch((error: unknown) => tolerate(error, null));
    if (child === null) continue;
    await using(child, async (held) => {
      if (held.stat.isDirectory() && held.stat.dev === folder.stat.dev) await measureTree(held, count, depth + 1);
    });
  }
};

const tolerate = <T>(error: unknown, instead: T): T => {
  if (isGone(error) || ['EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return instead;
  throw error;
};
