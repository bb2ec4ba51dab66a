import { closeSync, fstatSync, openSync, readSync, statSync, utimesSync } from 'node:fs';
import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { createTurns } from '../../core/turns.ts';
import { errnoOf } from '../files/descriptors.ts';
import { createPendingBlobs } from './pending-blobs.ts';

const blobName = /^[0-9a-f]{64}$/;

/** Contents by their SHA-256, in `<folder>/aa/<sha256>`, each a private file. */
export interface BlobFolder {
  /** Where a content lies at the moment. */
  path(sha256: Digest): string;
  has(sha256: Digest): boolean;
  /** Keeps what a held regular file (its descriptor) holds, durably once it is settled. Errors: `conflict` for another hash. */
  add(source: number, sha256: Digest): Promise<void>;
  /** Makes what was added durable and gives it its name, so that what has its name always is whole. Rejects with the system's error. */
  settle(): Promise<void>;
  /** Errors: `not_found`. */
  read(sha256: Digest, limit: number): Promise<Uint8Array>;
  collectGarbage(needed: ReadonlySet<Digest>, budgetBytes: number): Promise<readonly Digest[]>;
}

export function createBlobFolder(folder: string): BlobFolder {
  const pending = createPendingBlobs(folder);
  const turn = createTurns();
  const path = (sha256: Digest): string => pending.path(sha256) ?? `${folder}/${sha256.slice(0, 2)}/${sha256}`;
  const has = (sha256: Digest): boolean => statSync(path(sha256), { throwIfNoEntry: false })?.isFile() === true;
  return {
    path,
    has,
    async add(source, sha256) {
      if (!has(sha256)) {
        await pending.add(source, sha256);
        return;
      }
      // Used again, so not the oldest any more.
      const now = new Date();
      utimesSync(path(sha256), now, now);
    },
    settle: async () => await pending.settle(),
    read: async (sha256, limit) => {
      await turn();
      let file: number;
      try {
        file = openSync(path(sha256), 'r');
      } catch (cause) {
        if (errnoOf(cause) !== 'ENOENT') throw cause;
        throw new AppError('not_found', 'This content was let go for space.', { cause });
      }
      try {
        const buffer = Buffer.allocUnsafe(Math.min(limit, fstatSync(file).size));
        return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
      } finally {
        closeSync(file);
      }
    },
    async collectGarbage(needed, budgetBytes) {
      await pending.settle();
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
