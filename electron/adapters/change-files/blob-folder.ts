import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { errnoOf } from '../files/descriptors.ts';
import { hashFile } from './inspect-version.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
const blobName = /^[0-9a-f]{64}$/;

/** Contents by their SHA-256, in `<folder>/aa/<sha256>`, each a private file. */
export interface BlobFolder {
  path(sha256: Digest): string;
  has(sha256: Digest): Promise<boolean>;
  /** Copies what `source` (a path of the kernel's, to an open file) holds. Answers the folder that changed, null when it was there. Errors: `conflict` for another hash. */
  add(source: string, sha256: Digest): Promise<string | null>;
  /** Errors: `not_found`. */
  read(sha256: Digest, limit: number): Promise<Uint8Array>;
  collectGarbage(needed: ReadonlySet<Digest>, budgetBytes: number): Promise<readonly Digest[]>;
}

export function createBlobFolder(folder: string): BlobFolder {
  const path = (sha256: Digest): string => join(folder, sha256.slice(0, 2), sha256);

  const has = async (sha256: Digest): Promise<boolean> => {
    try {
      return (await stat(path(sha256))).isFile();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  };

  return {
    path,
    has,
    async add(source, sha256) {
      if (await has(sha256)) {
        // Used again, so not the oldest any more.
        const now = new Date();
        await utimes(path(sha256), now, now);
        return null;
      }
      const within = join(folder, sha256.slice(0, 2));
      await mkdir(within, { recursive: true, mode: 0o700 });
      const temporary = join(within, `${randomBytes(9).toString('hex')}.tmp`);
      try {
        await copyFile(source, temporary, COPYFILE_EXCL | COPYFILE_FICLONE);
        await chmod(temporary, 0o600);
        await checkAndSync(temporary, sha256);
        await rename(temporary, path(sha256));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      return within;
    },
    read: async (sha256, limit) => {
      const file = await open(path(sha256), 'r').catch((cause: unknown) => {
        if (errnoOf(cause) !== 'ENOENT') throw cause;
        throw new AppError('not_found', 'This content was let go for space.', { cause });
      });
      try {
        const size = Math.min(limit, (await file.stat()).size);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async collectGarbage(needed, budgetBytes) {
      const found = (await listBlobs(folder)).filter(({ sha256 }) => !needed.has(sha256)).sort((one, other) => one.used - other.used);
      let bytes = found.reduce((sum, { size }) => sum + size, 0);
      const gone: Digest[] = [];
      for (const { sha256, size } of found) {
        if (bytes <= budgetBytes) break;
        await unlink(path(sha256));
        bytes -= size;
        gone.push(sha256);
      }
      return gone;
    },
  };
}

async function checkAndSync(path: string, sha256: Digest): Promise<void> {
  const file = await open(path, 'r+');
  try {
    if ((await hashFile(file)) !== sha256) throw new AppError('conflict', 'The file changed while it was being kept.');
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Blob {
  readonly sha256: Digest;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
}

/** Every blob, after removing what a crash left unfinished. Nothing is being kept meanwhile. */
async function listBlobs(folder: string): Promise<Blob[]> {
  const blobs: Blob[] = [];
  for (const part of await readdir(folder).catch(() => [])) {
    for (const name of await readdir(join(folder, part)).catch(() => [])) {
      const path = join(folder, part, name);
      if (!blobName.test(name)) {
        if (name.endsWith('.tmp')) await rm(path, { force: true });
        continue;
      }
      const { size, mtimeMs } = await stat(path);
      blobs.push({ sha256: name as Digest, size, used: mtimeMs });
    }
  }
  return blobs;
}
