import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, rename, rmdir, stat, symlink, unlink } from 'node:fs/promises';
import type { FileVersion } from '../../../shared/domain/change.ts';
import { AppError } from '../../../shared/errors.ts';
import { isSameVersion } from '../../core/changes/set-state.ts';
import type { FileStep, StepResult } from '../../core/ports/change-files.ts';
import { below, errnoOf, holdChild, isSame } from '../files/descriptors.ts';
import { checkPlace, type HeldParent } from './hold-parent.ts';
import { hashFile, inspectVersion, isUntouched, type Inspected } from './inspect-version.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_NOFOLLOW, O_RDONLY } = constants;

type File = Extract<FileVersion, { type: 'file' }>;

/** Always the same for one name, so that a start after a crash finds what was left behind. */
export const temporaryName = (name: string): string => `.gatehouse-${createHash('sha256').update(name).digest('hex').slice(0, 24)}.tmp`;

/** Makes one step below a held folder. `blobPath` gives the kept content. Errors: system errors, `conflict` when something moved meanwhile. */
export async function applyStep(parent: HeldParent, step: FileStep, blobPath: (file: File) => string): Promise<StepResult> {
  const wanted = withMask(step.wanted, step.restores);
  const found = await inspectVersion(parent);
  if (isSameVersion(found.version, wanted)) return { ok: true };
  if (!isSameVersion(found.version, step.expected)) return { ok: false, actual: found.version };
  try {
    await checkPlace(parent);
    await makeChange(parent, found, wanted, blobPath);
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

async function makeChange(
  parent: HeldParent,
  found: Inspected,
  wanted: FileVersion | null,
  blobPath: (file: File) => string,
): Promise<void> {
  const { held, name, path } = parent;
  const target = below(held.handle, name);
  const is = found.version;
  if (is !== null && wanted !== null && (is.type === 'directory') !== (wanted.type === 'directory')) {
    throw new AppError('invalid_input', `${path} cannot become a folder, or stop being one, in one step`);
  }
  if (wanted === null) {
    await checkUntouched(parent, found);
    if (is?.type === 'directory') await rmdir(target);
    else await unlink(target);
    return;
  }
  if (wanted.type === 'directory') {
    if (is === null) await mkdir(target, 0o700);
    await setMode(parent, wanted.mode, is === null ? null : found.stat);
    return;
  }
  if (wanted.type === 'symlink') {
    await place(parent, found, async (temporary) => await symlink(wanted.target, temporary));
    return;
  }
  const isModeOnly = is?.type === 'file' && is.sha256 === wanted.sha256 && found.stat?.nlink === 1n;
  if (isModeOnly) await setMode(parent, wanted.mode, found.stat);
  else await place(parent, found, async (temporary) => await writeFile(temporary, wanted, { blob: blobPath(wanted), found, path }));
}

/** Makes something under a temporary name in the same folder and moves it to its own, over exactly what was found there. */
async function place(parent: HeldParent, found: Inspected, make: (temporary: string) => Promise<void>): Promise<void> {
  const { held, name } = parent;
  const temporary = below(held.handle, temporaryName(name));
  await unlink(temporary).catch(ignoreMissing);
  try {
    await make(temporary);
    await checkPlace(parent);
    await checkUntouched(parent, found);
    if (found.version === null) {
      // link(2), unlike rename(2), fails where something has appeared meanwhile.
      await link(temporary, below(held.handle, name));
    } else {
      await rename(temporary, below(held.handle, name));
    }
  } finally {
    await unlink(temporary).catch(ignoreMissing);
  }
}

async function writeFile(
  temporary: string,
  wanted: File,
  { blob, found, path }: { readonly blob: string; readonly found: Inspected; readonly path: string },
): Promise<void> {
  await copyFile(blob, temporary, COPYFILE_EXCL | COPYFILE_FICLONE).catch(async (error: unknown) => {
    await stat(blob).catch((cause: unknown) => {
      throw new AppError('not_found', `the content for ${path} was let go for space`, { cause });
    });
    throw error;
  });
  const file = await open(temporary, O_RDONLY | O_NOFOLLOW);
  try {
    // SECURITY: what is put there is what was shown, even when the store of contents was damaged.
    if ((await hashFile(file)) !== wanted.sha256) throw new AppError('unavailable', `the kept content for ${path} is damaged`);
    // Only root can give files away; anybody else already owns what is written.
    if (process.getuid?.() === 0 && found.stat?.isFile() === true) await file.chown(Number(found.stat.uid), Number(found.stat.gid));
    await file.chmod(wanted.mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Sets the mode of the very thing that was found, by its descriptor. */
async function setMode({ held, name, path }: HeldParent, mode: number, expected: BigIntStats | null): Promise<void> {
  const child = await holdChild(held.handle, name);
  try {
    const isOther = expected !== null && !isSame(child.stat, expected);
    if (isOther || child.stat.isSymbolicLink()) throw new AppError('conflict', `${path} was replaced while its mode was being changed`);
    await chmod(`/proc/self/fd/${child.handle.fd}`, mode);
  } finally {
    await child.handle.close();
  }
}

async function checkUntouched(parent: HeldParent, found: Inspected): Promise<void> {
  if (await isUntouched(parent, found.stat)) return;
  throw new AppError('conflict', `${parent.path} changed while it was being replaced`);
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
