import { constants } from 'node:fs';
import { open, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../../core/ports/change-files.ts';
import { createTurns } from '../../core/turns.ts';
import { asAppError, below, errnoOf } from '../files/descriptors.ts';
import { lookUpProtected, type ProtectedPlaces } from '../files/protected-places.ts';
import { applyStep, temporaryName, type StepDeps } from './apply-step.ts';
import { createBlobFolder } from './blob-folder.ts';
import { createGroupSync } from './group-sync.ts';
import { createHeldFolders } from './held-folders.ts';
import type { HeldParent, HoldOptions } from './hold-parent.ts';
import { inspectVersion } from './inspect-version.ts';
import { withChild } from './open-now.ts';
import { createUnsyncedFolders } from './unsynced-folders.ts';

/** Milliseconds for which a look at the gateway's own folders serves; a change set makes thousands of steps. */
const placesFor = 500;

export interface ChangeFilesDeps {
  /** Absolute. Contents are kept in its folder `preimages`. */
  readonly dataDir: string;
  /** The gateway's own folders, which no change may reach. */
  readonly protectedPaths: readonly string[];
}

/** The `ChangeFiles` port on Linux. Every path is walked by descriptors from the held workspace, and no link is ever followed. */
export function createChangeFiles({ dataDir, protectedPaths }: ChangeFilesDeps): ChangeFiles {
  const blobs = createBlobFolder(join(dataDir, 'preimages'));
  const unsynced = createUnsyncedFolders();
  const folders = createHeldFolders();
  const group = createGroupSync();
  const turn = createTurns();
  const deps: StepDeps = { blobPath: ({ sha256 }) => blobs.path(sha256), sync: async (path) => await group.sync(path), turn };
  let known: { readonly at: number; readonly places: Promise<ProtectedPlaces> } | null = null;

  const lookUp = async (): Promise<ProtectedPlaces> => {
    const now = performance.now();
    if (known === null || now - known.at > placesFor) known = { at: now, places: lookUpProtected(protectedPaths) };
    return await known.places;
  };

  /** Holds the folder of a path for as long as `use` runs; `missing` when there is no such folder. */
  async function within<T>(at: Omit<HoldOptions, 'places'>, missing: T, use: (parent: HeldParent) => Promise<T>): Promise<T> {
    await turn();
    try {
      return await folders.within({ ...at, places: await lookUp() }, missing, use);
    } catch (error) {
      throw asAppError(error, at.path);
    }
  }

  return {
    keep: async ({ root, workspace, path }, sha256) =>
      await within({ workspace, path, rootFd: root?.fd }, undefined, async (parent) => {
        await withFile(parent, async (fd) => await blobs.add(fd, sha256));
      }),
    has: async (sha256) => await Promise.resolve(blobs.has(sha256)),
    read: async (sha256, limit) => await blobs.read(sha256, limit),

    readReal: async (workspace, path, limit) =>
      await within<Uint8Array | null>({ workspace, path }, null, async (parent) => await readFile(parent, limit)),

    inspect: async (workspace, path) => await within({ workspace, path }, null, async (parent) => (await inspectVersion(parent)).version),

    async apply(step) {
      const missing = step.wanted === null ? ({ ok: true } as const) : ({ ok: false, actual: null } as const);
      return await within(step, missing, async (parent) => {
        const result = await applyStep(parent, step, deps);
        if (result.ok) await unsynced.add(parent.held);
        return result;
      });
    },

    tidy: async (workspace, path) =>
      await within({ workspace, path }, undefined, async ({ held, name }) => {
        const temporary = below(held.handle, temporaryName(name));
        // A folder is no file to unlink; what is still in the way then is told.
        await unlink(temporary).catch(async (error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') await rmdir(temporary);
        });
      }),

    async settle() {
      try {
        folders.clear();
        await blobs.settle();
        await unsynced.sync();
      } catch (cause) {
        throw new AppError('unavailable', 'The disk did not take what was written.', { cause });
      }
    },

    collectGarbage: async (needed, budgetBytes) => await blobs.collectGarbage(needed, budgetBytes),
  };
}

/** Holds the regular file at a name. Errors: `conflict` when there is none. */
async function withFile<T>({ held, name, path }: HeldParent, use: (fd: number) => Promise<T>): Promise<T> {
  try {
    return await withChild(held.handle, name, async (fd, stat) => {
      if (!stat.isFile()) throw new AppError('conflict', `${path} is no regular file any more`);
      return await use(fd);
    });
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') throw new AppError('conflict', `${path} is gone`, { cause });
    throw cause;
  }
}

async function readFile(parent: HeldParent, limit: number): Promise<Uint8Array | null> {
  try {
    return await withFile(parent, async (fd) => {
      const file = await open(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      try {
        const size = Math.min(limit, (await file.stat()).size);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict') return null;
    throw error;
  }
}
