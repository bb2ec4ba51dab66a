import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, readlink, type FileHandle } from 'node:fs/promises';
import type { FileVersion } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { asAppError, below, errnoOf, holdChild, isSame, openHeld } from '../files/descriptors.ts';
import type { HeldParent } from './hold-parent.ts';

const chunkBytes = 256 * 1024;

/** What a name in a held folder is, and the inode that it was read from. */
export interface Inspected {
  readonly version: FileVersion | null;
  readonly stat: BigIntStats | null;
}

/** Errors: `conflict` for a device, socket or pipe, or a file that changed while it was read; `forbidden`. */
export async function inspectVersion(parent: HeldParent): Promise<Inspected> {
  const { held, name, path } = parent;
  const found = await holdChild(held.handle, name).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw asAppError(error, path);
  });
  if (found === null) return { version: null, stat: null };
  try {
    const { stat } = found;
    const mode = Number(stat.mode & 0o7777n);
    if (stat.isDirectory()) return { version: { type: 'directory', mode }, stat };
    if (stat.isSymbolicLink()) return { version: { type: 'symlink', target: await readlink(below(held.handle, name)) }, stat };
    if (!stat.isFile()) throw new AppError('conflict', `${path} is a device, a socket or a pipe`);
    const file = await openHeld(found.handle);
    try {
      return { version: { type: 'file', mode, size: Number(stat.size), sha256: await hashFile(file) }, stat };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asAppError(error, path);
  } finally {
    await found.handle.close();
  }
}

export async function hashFile(file: FileHandle): Promise<Digest> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return hash.digest('hex') as Digest;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/**
 * Whether the name still is the very inode that was inspected, untouched since. SECURITY: asked right before a change; what remains is the
 * moment between this question and the system call that follows it.
 */
export async function isUntouched({ held, name }: HeldParent, before: BigIntStats | null): Promise<boolean> {
  const now = await lstat(below(held.handle, name), { bigint: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (now === null || before === null) return now === before;
  return isSame(now, before) && now.size === before.size && now.mtimeNs === before.mtimeNs && now.ctimeNs === before.ctimeNs;
}
