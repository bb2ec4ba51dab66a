import { constants, type BigIntStats } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readlink, symlink } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { folderIdentity, identityOf, type Known, type KnownFolder } from './copy-manifest.ts';
import { below, errnoOf, holdChild, isGone, itself, listNames, using, type Held } from './descriptors.ts';
import { discard } from './layer-folder.ts';
import type { Branch } from './prune.ts';
import { modeOf } from './versions.ts';

/** Each level takes two descriptors; what is deeper is not copied. */
const depthLimit = 256;
/** File system requests of one folder at the same time. */
const batch = 16;

export interface Refreshing {
  readonly trash: Held;
  /** The file system's clock when this began: what changed since may not have been seen. */
  readonly started: bigint;
  /** Throws once there is too much. */
  readonly count: (bytes: number) => void;
  /** Is told the ctime of everything that is made. */
  readonly made: (stamp: bigint) => void;
}

interface Pair {
  readonly copy: Held;
  /** Null: the folder is the task's own. */
  readonly real: Held | null;
  readonly known: KnownFolder | null;
  /** What stays as the task has it. */
  readonly kept: Branch | null;
  readonly depth: number;
}

/** One name on both sides. */
interface Entry {
  readonly name: string;
  readonly ours: BigIntStats | null;
  readonly theirs: BigIntStats | null;
  readonly known: Known | null;
  readonly kept: Branch | null;
}

/**
 * Makes a copy of a folder what the real one is, but for what the task keeps; what did not change on either side is left alone. Answers what is
 * known now, which is `known` itself when nothing changed. Nobody else works in the copy meanwhile. The copy's own mode is the caller's.
 * SECURITY: every step is by descriptor and follows no link, since the real tree may change meanwhile; a file of the copy is replaced and
 * never written to, since it may have other names.
 */
export const refreshCopy = async (work: Refreshing, pair: Pair): Promise<KnownFolder> => {
  const entries = await entriesOf(work, pair);
  const fresh = new Map<string, Known>();
  const note = (name: string, known: Known | null): void => {
    if (known !== null) fresh.set(name, known);
  };
  const folders = entries.filter(isAboutFolder);
  await inBatches(
    entries.filter((entry) => !isAboutFolder(entry)),
    async (entry) => note(entry.name, await refreshEntry(work, pair, entry)),
  );
  // One after the other: each holds descriptors all the way down.
  for (const entry of folders) note(entry.name, await refreshEntry(work, pair, entry));
  const { known } = pair;
  return known?.size === fresh.size && [...fresh].every(([name, one]) => known.get(name) === one) ? known : fresh;
};

const isAboutFolder = ({ ours, theirs }: Entry): boolean => ours?.isDirectory() === true || theirs?.isDirectory() === true;

const entriesOf = async ({ trash }: Refreshing, { copy, real, known, kept, depth }: Pair): Promise<Entry[]> => {
  const ours = await listNames(copy);
  for (const name of ours.odd) await discard(copy, name, trash);
  const theirs = real === null || depth >= depthLimit ? [] : await realNames(real);
  const names = [...new Set([...ours.names, ...theirs, ...(kept?.keys() ?? [])])];
  return inBatches(names, async (name) => ({
    name,
    ours: await lookAt(copy, name),
    theirs: real === null ? null : await lookAt(real, name),
    known: known?.get(name) ?? null,
    kept: kept?.get(name) ?? null,
  }));
};

/** A folder that we may not read is shown empty; so is one whose names are no Unicode. */
const realNames = async (real: Held): Promise<readonly string[]> =>
  listNames(real).then(
    ({ names }) => names,
    (error: unknown) => {
      if (isGone(error) || isRefused(error)) return [];
      throw error;
    },
  );

const isRefused = (error: unknown): boolean => ['EACCES', 'EPERM', 'EIO', 'EINVAL', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '');

const lookAt = async (folder: Held, name: string): Promise<BigIntStats | null> =>
  lstat(below(folder, name), { bigint: true }).catch((error: unknown) => {
    if (isGone(error) || isRefused(error)) return null;
    throw error;
  });

const refreshEntry = async (work: Refreshing, pair: Pair, entry: Entry): Promise<Known | null> => {
  const { name, ours, theirs, known, kept } = entry;
  if (kept !== null && isKept(entry, kept)) return known;
  const isOurs = ours?.isDirectory() === true;
  if (theirs?.isDirectory() === true) {
    if (ours !== null && !isOurs) await discard(pair.copy, name, work.trash);
    return refreshFolder(work, pair, { ...entry, ours: isOurs ? ours : null });
  }
  // Above what is kept there is a folder of the task's own.
  if (isOurs && kept !== null && (await refreshFolder(work, pair, { ...entry, theirs: null })) !== null) return null;
  return refreshFile(work, pair, entry);
};

/** Whether the name stays as it is, with everything in it. */
const isKept = ({ ours, theirs, known }: Entry, kept: Branch): boolean => {
  const isOurs = ours?.isDirectory() === true;
  // What is kept lies below a folder that the task has deleted or replaced.
  if (kept.size > 0) return theirs?.isDirectory() === true && !isOurs && known !== null;
  if (ours === null) return known !== null;
  return isOurs || known === null || identityOf(ours) !== known.copy;
};

/** Null: nothing is left of a folder of the task's own. */
const refreshFolder = async (work: Refreshing, pair: Pair, { name, ours, theirs, known, kept }: Entry): Promise<Known | null> => {
  work.count(0);
  const real = theirs === null || pair.real === null ? null : await holdChild(pair.real, name);
  try {
    if (theirs !== null && real?.stat.isDirectory() !== true) return null;
    if (ours === null) await mkdir(below(pair.copy, name), { mode: 0o700 });
    const copy = await holdChild(pair.copy, name);
    if (copy?.stat.isDirectory() !== true) throw new Error('a folder of a copy vanished while it was made');
    return await using(copy, async () => {
      const mode = modeOf(real ?? copy);
      if ((modeOf(copy) & 0o700) !== 0o700) await chmod(itself(copy), 0o700);
      // What is mounted in the workspace is shown as an empty folder, as an overlay does.
      const isOther = real !== null && pair.real !== null && real.stat.dev !== pair.real.stat.dev;
      const within = { copy, real: isOther ? null : real, known: known?.inside ?? null, kept, depth: pair.depth + 1 };
      const inside = await refreshCopy(work, within);
      if (real === null && (await listNames(copy)).names.length === 0) return null;
      await chmod(itself(copy), mode);
      const identity = folderIdentity(mode);
      return known?.inside === inside && known.copy === identity ? known : { real: '', copy: identity, inside };
    });
  } finally {
    await real?.handle.close();
  }
};

/** Puts the real file or link in the place of whatever the copy has. */
const refreshFile = async (work: Refreshing, pair: Pair, { name, ours, theirs, known }: Entry): Promise<Known | null> => {
  const { copy, real } = pair;
  if (theirs !== null) work.count(Number(theirs.size));
  if (known !== null && ours !== null && theirs !== null && known.real === identityOf(theirs) && known.copy === identityOf(ours))
    return known;
  if (ours !== null) await discard(copy, name, work.trash);
  // SECURITY: a socket, pipe or device is never opened.
  if (real === null || theirs === null || !(theirs.isFile() || theirs.isSymbolicLink())) return null;
  const source = await holdChild(real, name);
  if (source === null) return null;
  return using(source, async (held) => {
    if (!(await makeOne(copy, real, name, held))) return null;
    const made = await lstat(below(copy, name), { bigint: true });
    work.made(made.ctimeNs);
    return { real: held.stat.ctimeNs < work.started ? identityOf(held.stat) : '', copy: identityOf(made), inside: null };
  });
};

/** False when there is nothing that could be copied. Errors: `unavailable`. */
const makeOne = async (copy: Held, real: Held, name: string, source: Held): Promise<boolean> => {
  const target = below(copy, name);
  try {
    if (source.stat.isSymbolicLink()) await symlink(await readlink(below(real, name), { encoding: 'buffer' }), target);
    else if (source.stat.isFile()) {
      await copyFile(itself(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await chmod(target, modeOf(source));
    } else return false;
    return true;
  } catch (error) {
    if (isGone(error) || isRefused(error)) return false;
    if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errnoOf(error) ?? '')) throw error;
    throw new AppError('unavailable', 'the workspace could not be copied, since the disk of the data directory is full: make room there', {
      cause: error,
    });
  }
};

const inBatches = async <T, R>(items: readonly T[], one: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += batch) {
    const settled = await Promise.allSettled(items.slice(from, from + batch).map(one));
    for (const each of settled) {
      if (each.status === 'rejected') throw each.reason;
      results.push(each.value);
    }
  }
  return results;
};
