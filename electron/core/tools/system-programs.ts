import { createHash } from 'node:crypto';
import { createReadStream, type BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { Operand } from '../../../shared/domain/call.ts';
import { Digest } from '../../../shared/domain/identity.ts';

/** The host's programs as a sandboxed command finds them. */
export interface SystemPrograms {
  /** The program behind a bare name or an absolute path, with its hash; null when there is none. */
  find(name: string): Promise<Operand | null>;
}

/** The PATH inside. Every folder of it is a read-only mount of the host's own. */
export const sandboxPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the sandbox shows of the host; anything else is not there when the command runs. */
const shown = ['/usr/', '/bin/', '/sbin/', '/lib/', '/lib32/', '/lib64/', '/libx32/'];
/** Bytes of a program that is hashed. */
const sizeLimit = 256n * 1024n * 1024n;
const cacheLimit = 2000;

const stampOf = (of: BigIntStats): string => [of.dev, of.ino, of.size, of.mtimeNs, of.ctimeNs].join(':');

/** Hashes are kept for as long as device, inode, size and both times stay the same. */
export const createSystemPrograms = (): SystemPrograms => {
  const hashes = new Map<string, Digest>();

  const hash = async (path: string, stamp: string): Promise<Digest> => {
    const known = hashes.get(stamp);
    if (known !== undefined) return known;
    const hasher = createHash('sha256');
    for await (const chunk of createReadStream(path)) hasher.update(chunk as Uint8Array);
    const digest = Digest.parse(hasher.digest('hex'));
    if (hashes.size >= cacheLimit) hashes.clear();
    // Kept only when nothing moved while it was read.
    if (stampOf(await stat(path, { bigint: true })) === stamp) hashes.set(stamp, digest);
    return digest;
  };

  return {
    async find(name) {
      const candidates = name.includes('/') ? [name] : sandboxPath.split(':').map((folder) => `${folder}/${name}`);
      for (const candidate of candidates) {
        const path = await realpath(candidate).catch(() => null);
        if (path === null || !shown.some((folder) => path.startsWith(folder))) continue;
        const found = await stat(path, { bigint: true });
        if (!found.isFile() || found.size > sizeLimit) continue;
        return { path, sha256: await hash(path, stampOf(found)) };
      }
      return null;
    },
  };
};
