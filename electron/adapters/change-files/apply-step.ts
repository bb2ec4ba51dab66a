import { createHash } from 'node:crypto';
import {
  constants,
  chmodSync,
  fchmodSync,
  fchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  fsync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { FileVersion } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import { isSameVersion } from '../../core/changes/set-state.ts';
import type { FileStep, StepResult } from '../../core/ports/change-files.ts';
import { below, errnoOf, isSame, smallBytes } from '../files/descriptors.ts';
import { checkPlace, type HeldParent } from './hold-parent.ts';
import { hashFile, hashOf, inspectVersion, isUntouched, type Inspected } from './inspect-version.ts';
import { withChild } from './open-now.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

const syncFile = promisify(fsync);

type File = Extract<FileVersion, { type: 'file' }>;

/** Always the same for one name, so that a start after a crash finds what was left behind. */
export const temporaryName = (name: string): string => `.gatehouse-${createHash('sha256').update(name).digest('hex').slice(0, 24)}.tmp`;

/** Where new content comes from, and what makes it durable before it gets its name. */
export interface StepDeps {
  readonly blobPath: (file: File) => string;
  readonly sync: (path: string) => Promise<void>;
  /** Awaited where many go on at once. */
  readonly turn: () => Promise<void>;
}

/** Makes one step below a held folder. Errors: system errors, `conflict` when something moved meanwhile. */
export async function applyStep(parent: HeldParent, step: FileStep, deps: StepDeps): Promise<StepResult> {
  const wanted = withMask(step.wanted, step.restores);
  const found = await inspectVersion(parent);
  if (isSameVersion(found.version, wanted)) return { ok: true };
  if (!isSameVersion(found.version, step.expected)) return { ok: false, actual: found.version };
  try {
    checkPlace(parent);
    await makeChange(parent, found, wanted, deps);
    return { ok: true };
  } catch (error) {
    const isOvertaken = ['EEXIST', 'ENOTEMPTY', 'ENOENT', 'EISDIR', 'ENOTDIR'].includes(errnoOf(error) ?? '');
    if (isOvertaken || (error instanceof AppError && error.code === 'conflict')) {
      return { ok: false, actual: (await inspectVersion(parent)).version };
    }
    throw error;
  }
}

/** SECURITY: set-uid, set-gid and sticky are never set on a call's behalf. */
function withMask(version: FileVersion | null, restores: boolean): FileVersion | null {
  if (version === null || version.type === 'symlink') return version;
  return { ...version, mode: version.mode & (restores ? 0o7777 : 0o777) };
}

async function makeChange(parent: HeldParent, found: Inspected, wanted: FileVersion | null, deps: StepDeps): Promise<void> {
  const { held, name, path } = parent;
  const target = below(held.handle, name);
  const is = found.version;
  if (is !== null && wanted !== null && (is.type === 'directory') !== (wanted.type === 'directory')) {
    throw new AppError('invalid_input', `${path} cannot become a folder, or stop being one, in one step`);
  }
  if (wanted === null) {
    checkUntouched(parent, found);
    if (is?.type === 'directory') rmdirSync(target);
    else unlinkSync(target);
    return;
  }
  if (wanted.type === 'directory') {
    if (is === null) await placeFolder(parent, found, wanted.mode);
    else await setMode(parent, wanted.mode, found.stat);
    return;
  }
  if (wanted.type === 'symlink') {
    await place(parent, found, (temporary) => symlinkSync(wanted.target, temporary));
    return;
  }
  const isModeOnly = is?.type === 'file' && is.sha256 === wanted.sha256 && found.stat?.nlink === 1n;
  if (isModeOnly) await setMode(parent, wanted.mode, found.stat);
  else await place(parent, found, async (temporary) => await writeFile(temporary, wanted, { deps, found, path }));
}

/** A folder gets its name only once it has its mode, so that a crash leaves none with another. */
async function placeFolder(parent: HeldParent, found: Inspected, mode: number): Promise<void> {
  const { held, name } = parent;
  const temporary = below(held.handle, temporaryName(name));
  removeFolder(temporary);
  try {
    mkdirSync(temporary, 0o700);
    await setMode({ ...parent, name: temporaryName(name) }, mode, null);
    checkPlace(parent);
    checkUntouched(parent, found);
    renameSync(temporary, below(held.handle, name));
  } finally {
    removeFolder(temporary);
  }
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Makes something under a temporary name in the same folder and moves it to its own, over exactly what was found there. */
async function place(parent: HeldParent, found: Inspected, make: (temporary: string) => Promise<void> | void): Promise<void> {
  const { held, name } = parent;
  const temporary = below(held.handle, temporaryName(name));
  remove(temporary);
  try {
    await make(temporary);
    checkPlace(parent);
    checkUntouched(parent, found);
    // link(2), unlike rename(2), fails where something has appeared meanwhile.
    if (found.version === null) linkSync(temporary, below(held.handle, name));
    else renameSync(temporary, below(held.handle, name));
  } finally {
    remove(temporary);
  }
}

async function writeFile(
  temporary: string,
  wanted: File,
  { deps, found, path }: { readonly deps: StepDeps; readonly found: Inspected; readonly path: string },
): Promise<void> {
  const blob = deps.blobPath(wanted);
  const kept = statSync(blob, { throwIfNoEntry: false });
  if (kept === undefined) throw new AppError('not_found', `the content for ${path} was let go for space`);
  if (kept.size > smallBytes) await copyFile(blob, temporary, COPYFILE_EXCL | COPYFILE_FICLONE);
  const file = openSync(temporary, kept.size > smallBytes ? O_RDONLY | O_NOFOLLOW : O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    const content = kept.size > smallBytes ? null : readFileSync(blob);
    // SECURITY: what is put there is what was shown, even when the store of contents was damaged.
    if ((content === null ? await hashAt(temporary) : hashOf(content)) !== wanted.sha256) {
      throw new AppError('unavailable', `the kept content for ${path} is damaged`);
    }
    if (content !== null) writeFileSync(file, content);
    // Only root can give files away; anybody else already owns what is written.
    if (process.getuid?.() === 0 && found.stat?.isFile() === true) fchownSync(file, Number(found.stat.uid), Number(found.stat.gid));
    fchmodSync(file, wanted.mode);
    // It cannot be opened once more.
    if (!isReadable(wanted)) await syncFile(file);
  } finally {
    closeSync(file);
  }
  // Before it gets its name: a loss of power leaves either the old file or the whole new one.
  if (isReadable(wanted)) await deps.sync(temporary);
  await deps.turn();
}

const isReadable = ({ mode }: File): boolean => (mode & 0o400) !== 0;

async function hashAt(path: string): Promise<string> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW);
  try {
    return await hashFile(file);
  } finally {
    await file.close();
  }
}

/** Sets the mode of the very thing that was found, by its descriptor. */
async function setMode({ held, name, path }: HeldParent, mode: number, expected: BigIntStats | null): Promise<void> {
  await withChild(held.handle, name, (fd, stat) => {
    const isOther = expected !== null && !isSame(stat, expected);
    if (isOther || stat.isSymbolicLink()) throw new AppError('conflict', `${path} was replaced while its mode was being changed`);
    chmodSync(`/proc/self/fd/${fd}`, mode);
  });
}

function checkUntouched(parent: HeldParent, found: Inspected): void {
  if (isUntouched(parent, found.stat)) return;
  throw new AppError('conflict', `${parent.path} changed while it was being replaced`);
}

function remove(temporary: string): void {
  try {
    // An error that is thrown costs more than a look.
    if (lstatSync(temporary, { throwIfNoEntry: false }) !== undefined) unlinkSync(temporary);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
