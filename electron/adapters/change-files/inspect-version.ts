import { createHash } from 'node:crypto';
import { constants, lstatSync, readlinkSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { FileVersion } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { asAppError, below, errnoOf, isSame, readHeld } from '../files/descriptors.ts';
import type { HeldParent } from './hold-parent.ts';
import { withChild } from './open-now.ts';

const chunkBytes = 256 * 1024;

/** What a name in a held folder is, and the inode that it was read from. */
export interface Inspected {
  readonly version: FileVersion | null;
  readonly stat: BigIntStats | null;
}

/** Errors: `conflict` for a device, socket or pipe, or a file that changed while it was read; `forbidden`. */
export async function inspectVersion(parent: HeldParent): Promise<Inspected> {
  const { held, name, path } = parent;
  try {
    return await withChild(held.handle, name, async (fd, stat) => {
      const mode = Number(stat.mode & 0o7777n);
      if (stat.isDirectory()) return { version: { type: 'directory', mode }, stat };
      if (stat.isSymbolicLink()) return { version: { type: 'symlink', target: readlinkSync(below(held.handle, name)) }, stat };
      if (!stat.isFile()) throw new AppError('conflict', `${path} is a device, a socket or a pipe`);
      return { version: { type: 'file', mode, size: Number(stat.size), sha256: await hashHeld(fd) }, stat };
    });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { version: null, stat: null };
    throw asAppError(error, path);
  }
}

/** The hash of a regular file that is held. */
async function hashHeld(held: number): Promise<Digest> {
  const small = readHeld(held);
  if (small !== null) return hashOf(small);
  const file = await open(`/proc/self/fd/${held}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    return await hashFile(file);
  } finally {
    await file.close();
  }
}

export const hashOf = (content: Uint8Array): Digest => createHash('sha256').update(content).digest('hex') as Digest;

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
export function isUntouched({ held, name }: HeldParent, before: BigIntStats | null): boolean {
  const now = lstatSync(below(held.handle, name), { bigint: true, throwIfNoEntry: false });
  if (now === undefined || before === null) return now === undefined && before === null;
  return isSame(now, before) && now.size === before.size && now.mtimeNs === before.mtimeNs && now.ctimeNs === before.ctimeNs;
}
