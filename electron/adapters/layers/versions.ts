import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import type { FileVersion } from '../../../shared/domain/change.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import { readHeld, smallBytes } from '../files/descriptors.ts';
import { below, errnoOf, openHeld, type Held } from './descriptors.ts';

const chunk = 256 * 1024;

export const modeOf = (held: Held): number => Number(held.stat.mode) & 0o7777;

/** How an overlay marks a deleted name: a character device 0:0, which nobody else can make there. */
export const isWhiteout = ({ stat }: Held): boolean => stat.isCharacterDevice() && stat.rdev === 0n;

/** The version of a held child of a held folder, content hashed; null for what is neither file, link nor folder, or is a link whose target is no Unicode
 * or that was replaced meanwhile. */
export const versionOf = async (folder: Held, name: string, held: Held): Promise<FileVersion | null> => {
  const { stat } = held;
  if (stat.isDirectory()) return { type: 'directory', mode: modeOf(held) };
  if (stat.isSymbolicLink()) {
    const target = targetOf(folder, name);
    const text = target?.toString() ?? '';
    return target !== null && Buffer.from(text).equals(target) ? { type: 'symlink', target: text } : null;
  }
  if (!stat.isFile()) return null;
  return { type: 'file', mode: modeOf(held), ...(await hash(held)) };
};

const targetOf = (folder: Held, name: string): Buffer | null => {
  try {
    return readlinkSync(below(folder, name), { encoding: 'buffer' });
  } catch (error) {
    // The link was replaced by something else since it was held.
    if (errnoOf(error) === 'EINVAL') return null;
    throw error;
  }
};

const hash = async (held: Held): Promise<{ size: number; sha256: Digest }> => {
  const small = held.stat.size > smallBytes ? null : readHeld(held.handle.fd);
  if (small !== null) return { size: small.length, sha256: Digest.parse(createHash('sha256').update(small).digest('hex')) };
  const file = await openHeld(held);
  try {
    const digest = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(chunk, Math.max(1024, Number(held.stat.size) + 1)));
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return { size, sha256: Digest.parse(digest.digest('hex')) };
      digest.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
};

export const isEqual = (a: FileVersion | null, b: FileVersion | null): boolean => {
  if (a === null || b === null) return a === b;
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target;
  if (a.type === 'directory') return b.type === 'directory' && a.mode === b.mode;
  return b.type === 'file' && a.mode === b.mode && a.size === b.size && a.sha256 === b.sha256;
};
