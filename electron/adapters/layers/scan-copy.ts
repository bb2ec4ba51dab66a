import { lstat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { identityOf, type Known, type KnownFolder } from './copy-manifest.ts';
import { below, byBytes, errnoOf, holdChild, isGone, listNames, using, type Held } from './descriptors.ts';
import { measureLayer } from './measure-layer.ts';
import {
  depthLimit,
  isOtherMode,
  newResult,
  pathLimit,
  report,
  scanDeleted,
  tolerant,
  type ScanResult,
  type ScanSource,
} from './scan-layer.ts';
import { isEqual, versionOf } from './versions.ts';

/** Each level takes a descriptor. */
const measuredDepth = 1000;
const batch = 16;

export interface CopyScan extends Pick<ScanSource, 'workspace' | 'real' | 'isNewer'> {
  readonly copy: Held;
  readonly known: KnownFolder;
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly copy: Held;
  readonly real: Held | null;
  /** Null: the folder is the task's own. */
  readonly known: KnownFolder | null;
}

/**
 * What differs between a copy and the real tree because the task changed it, in the order of paths. Every name in the copy is looked at; content is
 * read only of what is not what was copied. What changed in the real tree alone is no change of the task's.
 * SECURITY: as in scan-layer.ts, every step is by descriptor and follows no link.
 */
export const scanCopy = async (source: CopyScan): Promise<ScanResult> => {
  const result = newResult();
  const { workspace, copy, real, known } = source;
  // The workspace itself is never changed.
  if (isOtherMode(copy, real)) result.skipped.push(workspace);
  await scanFolder(source, result, { path: workspace, depth: 0, copy, real, known });
  return result;
};

const scanFolder = async (source: CopyScan, result: ScanResult, place: Place): Promise<void> => {
  const { path, copy, known } = place;
  if (place.depth >= depthLimit) {
    result.skipped.push(path);
    return;
  }
  const listed = await tolerant(result, path, async () => listNames(copy));
  if (listed === null) return;
  for (const name of listed.odd) result.skipped.push(`${path}/${name.toString()}`);
  const stats = await lookAtAll(copy, listed.names);
  for (const name of [...new Set([...listed.names, ...(known?.keys() ?? [])])].sort(byBytes)) {
    const one = known?.get(name) ?? null;
    if (isAsCopied(stats.get(name), one)) continue;
    const at = `${path}/${name}`;
    if (Buffer.byteLength(at) > pathLimit) result.skipped.push(at);
    else await tolerant(result, at, async () => scanName(source, result, place, name, one));
  }
};

const lookAtAll = async (folder: Held, names: readonly string[]): Promise<ReadonlyMap<string, BigIntStats>> => {
  const stats = new Map<string, BigIntStats>();
  for (let from = 0; from < names.length; from += batch) {
    await Promise.all(
      names.slice(from, from + batch).map(async (name) => {
        const stat = await lstat(below(folder, name), { bigint: true }).catch((error: unknown) => {
          // Told when it is held.
          if (isGone(error) || errnoOf(error) === 'EACCES') return null;
          throw error;
        });
        if (stat !== null) stats.set(name, stat);
      }),
    );
  }
  return stats;
};

const isAsCopied = (stat: BigIntStats | undefined, known: Known | null): boolean =>
  stat !== undefined && known !== null && known.inside === null && identityOf(stat) === known.copy;

const scanName = async (source: CopyScan, result: ScanResult, place: Place, name: string, known: Known | null): Promise<void> => {
  const ours = await holdChild(place.copy, name);
  try {
    const theirs = place.real === null ? null : await holdChild(place.real, name);
    try {
      await compare(source, result, place, { name, known, ours, theirs });
    } finally {
      await theirs?.handle.close();
    }
  } finally {
    await ours?.handle.close();
  }
};

interface Entry {
  readonly name: string;
  readonly known: Known | null;
  readonly ours: Held | null;
  readonly theirs: Held | null;
}

const compare = async (source: CopyScan, result: ScanResult, place: Place, { name, known, ours, theirs }: Entry): Promise<void> => {
  const path = `${place.path}/${name}`;
  if (ours === null && known === null) return;
  const after = ours === null ? null : await versionOf(place.copy, name, ours);
  const before = theirs === null || place.real === null ? null : await versionOf(place.real, name, theirs);
  if ((after === null && ours !== null) || (before === null && theirs !== null)) {
    result.skipped.push(path);
    return;
  }
  const isSameFolder = ours?.stat.isDirectory() === true && known !== null && identityOf(ours.stat) === known.copy;
  if (!isSameFolder && !isEqual(before, after)) report(source, result, { path, before, after, theirs });
  const copy = after?.type === 'directory' ? ours : null;
  const real = before?.type === 'directory' ? theirs : null;
  const depth = place.depth + 1;
  if (copy !== null) await scanFolder(source, result, { path, depth, copy, real, known: known?.inside ?? null });
  else if (real !== null) await scanDeleted(source, result, path, depth, real);
};

/** Bytes on disk of what is not as it was copied; Infinity for a tree that is too deep to be measured, see measure-layer.ts. */
export const measureCopy = async (copy: Held, known: KnownFolder, depth = 0): Promise<number> => {
  if (depth > measuredDepth) return Number.POSITIVE_INFINITY;
  const { names, odd } = await listNames(copy).catch((error: unknown) => {
    if (isGone(error) || errnoOf(error) === 'EACCES') return { names: [], odd: [] };
    throw error;
  });
  const stats = await lookAtAll(copy, names);
  let total = 0;
  for (const name of [...names, ...odd]) {
    const one = typeof name === 'string' ? (known.get(name) ?? null) : null;
    if (typeof name === 'string' && isAsCopied(stats.get(name), one)) continue;
    const child = await holdChild(copy, name);
    if (child === null) continue;
    total += await using(child, async (held) => {
      if (!held.stat.isDirectory()) return blocksOf(held);
      const inside = one?.inside ?? null;
      if (inside !== null) return measureCopy(held, inside, depth + 1);
      return blocksOf(held) + (await measureLayer(held, depth + 1));
    });
  }
  return total;
};

const blocksOf = ({ stat }: Held): number => Number(stat.blocks) * 512;
