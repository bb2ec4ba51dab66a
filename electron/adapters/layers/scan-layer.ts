import type { FileVersion } from '../../../shared/domain/change.ts';
import type { LayerChange } from '../../core/ports/layers.ts';
import { createTurns } from '../../core/turns.ts';
import { byBytes, errnoOf, holdAgain, holdChild, isGone, listNames, statNow, using, type Held } from './descriptors.ts';
import { readFuseMarks, unseenNames, type ReadNames } from './fuse-marks.ts';
import { isEqual, isWhiteout, versionOf } from './versions.ts';

/** Deeper folders, and longer paths, are told as skipped: each level takes descriptors, and no call could name such a path. */
export const depthLimit = 256;
export const pathLimit = 4095;

export interface ScanSource {
  readonly workspace: string;
  readonly upper: Held;
  readonly real: Held;
  readonly merged: Held;
  /** Whether the real file changed, by somebody else, since the view was made. */
  readonly isNewer: (path: string, real: Pick<Held, 'stat'>) => boolean;
  /** Whether names mark what is deleted, and hide what is real, as fuse-overlayfs's do. */
  readonly hasNameMarks?: boolean;
}

/** What is said with every change. */
type Reported = Pick<ScanSource, 'workspace' | 'isNewer' | 'hasNameMarks'>;

export interface ScanResult {
  readonly changes: LayerChange[];
  readonly skipped: string[];
  /** Awaited before each name. */
  readonly turn: () => Promise<void>;
}

export const newResult = (): ScanResult => ({ changes: [], skipped: [], turn: createTurns() });

/** Where a scan stands: the same folder in the layer, in the real tree, and how deep. */
interface Place {
  readonly path: string;
  readonly names: readonly string[];
  readonly upper: Held;
  readonly real: Held | null;
  /** Nothing of the real folder shows through here. */
  readonly isOpaque: boolean;
}

/**
 * What differs between a layer and the real tree, in the order of paths. Walks only what the layer itself holds, and what it deletes.
 * SECURITY: every step is by descriptor and follows no link, since the agent's processes may rename anything meanwhile; what vanishes is left out.
 */
export const scanLayer = async (source: ScanSource): Promise<ScanResult> => {
  const result = newResult();
  const { workspace, upper, real } = source;
  // The workspace itself is never changed.
  if (isOtherMode(upper, real)) result.skipped.push(workspace);
  await scanFolder(source, result, { path: workspace, names: [], upper, real, isOpaque: false });
  return result;
};

export const isOtherMode = (one: Held, other: Held): boolean => ((statNow(one).mode ^ statNow(other).mode) & 0o7777n) !== 0n;

const scanFolder = async (source: ScanSource, result: ScanResult, place: Place): Promise<void> => {
  const { path, upper, real } = place;
  if (place.names.length >= depthLimit) {
    result.skipped.push(path);
    return;
  }
  const listed = await tolerant(result, path, async () => listNames(upper));
  if (listed === null) return;
  for (const name of listed.odd) result.skipped.push(`${path}/${name.toString()}`);
  const { entries, deleted, strange } = await readNames(source, place, listed.names);
  for (const name of strange) result.skipped.push(`${path}/${name}`);
  const unseen = await unseenIn(source, real);
  const known = [...entries, ...deleted, ...unseen];
  const hidden = real === null || place.names.length === 0 ? [] : await hiddenNames(source, result, place, real, known);
  // In an opaque folder there is nothing of the real one, in every folder below it neither.
  const isOpaque = place.isOpaque || hidden.length > 0;
  for (const name of [...entries, ...deleted, ...hidden].sort(byBytes)) {
    const at = `${path}/${name}`;
    const step = { ...place, isOpaque: isOpaque || deleted.has(name) };
    if (Buffer.byteLength(at) > pathLimit) result.skipped.push(at);
    else await tolerant(result, at, async () => scanName(unseen.has(name) ? inConflict(source) : source, result, step, name));
  }
};

const readNames = async (source: ScanSource, place: Place, names: readonly string[]): Promise<ReadNames> =>
  source.hasNameMarks === true
    ? readFuseMarks(names, place.upper, async () => descend(source.merged, place.names))
    : { entries: names, deleted: new Set(), strange: [] };

const unseenIn = async ({ hasNameMarks }: Reported, real: Held | null): Promise<ReadonlySet<string>> =>
  hasNameMarks === true && real !== null ? unseenNames((await listNames(real)).names) : new Set();

/** SECURITY: the task was never shown what is real here, so whatever it did there waits for the operator. */
const inConflict = <T extends Reported>(source: T): T => ({ ...source, isNewer: () => true });

/** Names of the real folder that the layer hides without a mark for each: those of a folder that was removed and made anew. */
const hiddenNames = async (
  source: ScanSource,
  result: ScanResult,
  place: Place,
  real: Held,
  ours: readonly string[],
): Promise<readonly string[]> => {
  const { names, odd } = await listNames(real);
  const known = new Set(ours);
  const others = names.filter((name) => !known.has(name));
  if (others.length === 0) return [];
  const isOpaque = place.isOpaque || (await hidesAll(source, result, place, real, others));
  if (isOpaque) for (const name of odd) result.skipped.push(`${place.path}/${name.toString()}`);
  return isOpaque ? others : [];
};

/** A name that somebody made meanwhile proves nothing, since the kernel may remember that it was not there. */
const hidesAll = async (source: ScanSource, { turn }: ScanResult, place: Place, real: Held, names: readonly string[]): Promise<boolean> => {
  const merged = await descend(source.merged, place.names);
  if (merged === null) return false;
  return using(merged, async (folder) => {
    for (const name of names) {
      await turn();
      const theirs = await holdChild(real, name);
      if (theirs === null) continue;
      const isProof = await using(theirs, async (held) => !source.isNewer(`${place.path}/${name}`, held));
      if (!isProof) continue;
      const shown = await holdChild(folder, name);
      await shown?.handle.close();
      return shown === null;
    }
    return false;
  });
};

export const descend = async (root: Held, names: readonly string[]): Promise<Held | null> => {
  let at = await holdAgain(root);
  for (const name of names) {
    const next = await using(at, async (folder) => holdChild(folder, name));
    if (next === null) return null;
    at = next;
  }
  return at;
};

const scanName = async (source: ScanSource, result: ScanResult, place: Place, name: string): Promise<void> => {
  const ours = await holdChild(place.upper, name);
  const theirs =
    place.real === null
      ? null
      : await holdChild(place.real, name).catch(async (error: unknown) => {
          await ours?.handle.close();
          throw error;
        });
  try {
    await compare(source, result, place, name, ours, theirs);
  } finally {
    await ours?.handle.close();
    await theirs?.handle.close();
  }
};

const compare = async (
  source: ScanSource,
  result: ScanResult,
  place: Place,
  name: string,
  ours: Held | null,
  theirs: Held | null,
): Promise<void> => {
  const path = `${place.path}/${name}`;
  const isDeleted = ours === null ? place.isOpaque : isWhiteout(ours);
  if (ours === null && !isDeleted) return;
  const after = ours === null || isDeleted ? null : await versionOf(place.upper, name, ours);
  const before = theirs === null || place.real === null ? null : await versionOf(place.real, name, theirs);
  if ((after === null && !isDeleted) || (before === null && theirs !== null)) {
    result.skipped.push(path);
    return;
  }
  if (!isEqual(before, after)) report(source, result, { path, before, after, theirs });
  const upper = after?.type === 'directory' ? ours : null;
  const real = before?.type === 'directory' ? theirs : null;
  const names = [...place.names, name];
  if (upper !== null) await scanFolder(source, result, { path, names, upper, real, isOpaque: place.isOpaque });
  else if (real !== null) await scanDeleted(source, result, path, names.length, real);
};

/** Everything in a real folder that the layer has no more. */
export const scanDeleted = async (source: Reported, result: ScanResult, path: string, depth: number, real: Held): Promise<void> => {
  const listed = depth >= depthLimit ? null : await tolerant(result, path, async () => listNames(real));
  if (listed === null) {
    result.skipped.push(path);
    return;
  }
  for (const name of listed.odd) result.skipped.push(`${path}/${name.toString()}`);
  const unseen = await unseenIn(source, real);
  for (const name of listed.names) {
    const at = `${path}/${name}`;
    const by = unseen.has(name) ? inConflict(source) : source;
    await tolerant(result, at, async () => {
      const child = await holdChild(real, name);
      if (child === null) return;
      await using(child, async (theirs) => {
        const before = await versionOf(real, name, theirs);
        if (before === null) {
          result.skipped.push(at);
          return;
        }
        report(by, result, { path: at, before, after: null, theirs });
        if (before.type === 'directory') await scanDeleted(by, result, at, depth + 1, theirs);
      });
    });
  }
};

interface Difference {
  readonly path: string;
  readonly before: FileVersion | null;
  readonly after: FileVersion | null;
  readonly theirs: Held | null;
}

export const report = ({ workspace, isNewer }: Reported, { changes }: ScanResult, { path, before, after, theirs }: Difference): void => {
  changes.push({ path, workspace, before, after, isConflict: theirs !== null && isNewer(path, theirs) });
};

/** A step that may find its object gone (then it is as if it had never been there) or unreadable (then it is told). */
export const tolerant = async <T>(result: ScanResult, path: string, step: () => Promise<T>): Promise<T | null> => {
  await result.turn();
  try {
    return await step();
  } catch (error) {
    if (isGone(error)) return null;
    if (!['EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) throw error;
    result.skipped.push(path);
    return null;
  }
};
