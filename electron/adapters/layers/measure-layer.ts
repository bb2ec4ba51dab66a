import { lstatSync, type BigIntStats } from 'node:fs';
import { createTurns } from '../../core/turns.ts';
import { below, errnoOf, holdChild, isGone, listNames, using, type Held } from './descriptors.ts';

const blockSize = 512;

/** Each level takes a descriptor. */
const depthLimit = 1000;

/**
 * Bytes on disk of everything in a layer; what vanishes or cannot be listed meanwhile is left out. Infinity for a tree that is too deep to be
 * measured: SECURITY: depth is no way around a limit. `turn` is awaited before each name.
 */
export const measureLayer = async (upper: Held, depth = 0, turn = createTurns()): Promise<number> => {
  if (depth > depthLimit) return Number.POSITIVE_INFINITY;
  let total = 0;
  const { names, odd } = await listNames(upper).catch((error: unknown) => {
    if (isGone(error) || errnoOf(error) === 'EACCES') return { names: [], odd: [] };
    throw error;
  });
  for (const name of [...names, ...odd]) {
    await turn();
    const stat = lookAt(upper, name);
    if (stat === null) continue;
    if (!stat.isDirectory()) total += Number(stat.blocks) * blockSize;
    else total += await measureFolder(upper, name, depth, turn);
  }
  return total;
};

const lookAt = (folder: Held, name: string | Buffer): BigIntStats | null => {
  try {
    return lstatSync(below(folder, name), { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
};

const measureFolder = async (parent: Held, name: string | Buffer, depth: number, turn: () => Promise<void>): Promise<number> => {
  const child = await holdChild(parent, name);
  if (child === null) return 0;
  return using(child, async (held) => {
    const own = Number(held.stat.blocks) * blockSize;
    return held.stat.isDirectory() ? own + (await measureLayer(held, depth + 1, turn)) : own;
  });
};
