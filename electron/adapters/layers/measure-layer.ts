import { errnoOf, holdChild, isGone, listNames, using, type Held } from './descriptors.ts';

const blockSize = 512;

/** Bytes on disk of everything in a layer; what vanishes or cannot be listed meanwhile is left out. */
export const measureLayer = async (upper: Held): Promise<number> => {
  let total = 0;
  const { names, odd } = await listNames(upper).catch((error: unknown) => {
    if (isGone(error) || errnoOf(error) === 'EACCES') return { names: [], odd: [] };
    throw error;
  });
  for (const name of [...names, ...odd]) {
    const child = await holdChild(upper, name);
    if (child === null) continue;
    total += await using(child, async (held) => {
      const own = Number(held.stat.blocks) * blockSize;
      return held.stat.isDirectory() ? own + (await measureLayer(held)) : own;
    });
  }
  return total;
};
