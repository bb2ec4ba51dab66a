import { errnoOf, holdChild, isGone, listNames, using, type Held } from './descriptors.ts';

const blockSize = 512;

/** Each level takes a descriptor. */
const depthLimit = 1000;

/**
 * Bytes on disk of everything in a layer; what vanishes or cannot be listed meanwhile is left out. Infinity for a tree that is too deep to be
 * measured: SECURITY: depth is no way around a limit.
 */
export const measureLayer = async (upper: Held, depth = 0): Promise<number> => {
  if (depth > depthLimit) return Number.POSITIVE_INFINITY;
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
      return held.stat.isDirectory() ? own + (await measureLayer(held, depth + 1)) : own;
    });
  }
  return total;
};
