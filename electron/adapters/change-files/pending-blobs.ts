import { randomBytes } from 'node:crypto';
import { constants, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, copyFile, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import { createTurns } from '../../core/turns.ts';
import { errnoOf, readHeld } from '../files/descriptors.ts';
import { syncPaths } from './group-sync.ts';
import { hashFile, hashOf } from './inspect-version.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;

/** Contents that are written under names of no meaning and not durable yet; nothing names them but this memory. */
export interface PendingBlobs {
  path(sha256: Digest): string | undefined;
  /** Errors: `conflict` when a held file is not what it was taken for. */
  add(source: number, sha256: Digest): Promise<void>;
  /** Makes all durable and only then gives them their names. When that fails, none is kept. */
  settle(): Promise<void>;
}

export function createPendingBlobs(folder: string): PendingBlobs {
  const pending = new Map<Digest, string>();
  // No name of an earlier run's, which may have left some.
  const run = randomBytes(9).toString('hex');
  let count = 0;
  const turn = createTurns();

  const place = async (all: readonly (readonly [Digest, string])[]): Promise<void> => {
    const paths = all.map(([, path]) => path);
    await syncPaths(paths);
    for (const [sha256, path] of all) {
      await turn();
      renameSync(path, join(dirname(path), sha256));
      pending.delete(sha256);
    }
    await syncPaths([...new Set(paths.map(dirname)), folder]);
  };

  return {
    path: (sha256) => pending.get(sha256),
    async add(source, sha256) {
      count += 1;
      const temporary = `${folder}/${sha256.slice(0, 2)}/${run}-${count}.tmp`;
      try {
        await write(source, temporary, sha256);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw error;
      }
      // Of two that kept the same at once, one serves.
      if (pending.has(sha256)) rmSync(temporary, { force: true });
      else pending.set(sha256, temporary);
    },
    async settle() {
      const all = [...pending];
      if (all.length === 0) return;
      try {
        await place(all);
      } catch (error) {
        for (const [sha256, path] of all) {
          if (pending.delete(sha256)) rmSync(path, { force: true });
        }
        throw error;
      }
    },
  };
}

async function write(source: number, temporary: string, sha256: Digest): Promise<void> {
  const small = readHeld(source);
  if (small !== null) {
    check(hashOf(small), sha256);
    inFolder(temporary, () => writeFileSync(temporary, small, { flag: 'wx', mode: 0o600 }));
    return;
  }
  mkdirSync(dirname(temporary), { recursive: true, mode: 0o700 });
  await copyFile(`/proc/self/fd/${source}`, temporary, COPYFILE_EXCL | COPYFILE_FICLONE);
  await chmod(temporary, 0o600);
  const file = await open(temporary, 'r');
  try {
    check(await hashFile(file), sha256);
  } finally {
    await file.close();
  }
}

function check(found: Digest, wanted: Digest): void {
  if (found !== wanted) throw new AppError('conflict', 'The file changed while it was being kept.');
}

/** Makes the folder when it turns out to be missing. */
function inFolder(path: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    make();
  }
}
