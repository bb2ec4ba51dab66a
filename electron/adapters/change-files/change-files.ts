import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeFiles } from '../../core/ports/change-files.ts';
import { asAppError, below, errnoOf, holdChild, openHeld, type Held } from '../files/descriptors.ts';
import { lookUpProtected, type ProtectedPlaces } from '../files/protected-places.ts';
import { applyStep, temporaryName } from './apply-step.ts';
import { createBlobFolder } from './blob-folder.ts';
import { holdParent, type HeldParent, type HoldOptions } from './hold-parent.ts';
import { inspectVersion } from './inspect-version.ts';
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
  let known: { readonly at: number; readonly places: Promise<ProtectedPlaces> } | null = null;

  const lookUp = async (): Promise<ProtectedPlaces> => {
    const now = performance.now();
    if (known === null || now - known.at > placesFor) known = { at: now, places: lookUpProtected(protectedPaths) };
    return await known.places;
  };

  /** Holds the folder of a path for as long as `use` runs; `missing` when there is no such folder. */
  async function within<T>(at: Omit<HoldOptions, 'places'>, missing: T, use: (parent: HeldParent) => Promise<T>): Promise<T> {
    try {
      const parent = await holdParent({ ...at, places: await lookUp() });
      if (parent === null) return missing;
      try {
        return await use(parent);
      } finally {
        await parent.held.handle.close();
      }
    } catch (error) {
      throw asAppError(error, at.path);
    }
  }

  return {
    keep: async ({ root, workspace, path }, sha256) =>
      await within({ workspace, path, rootFd: root?.fd }, undefined, async (parent) => {
        await withFile(parent, async (file) => {
          const changed = await blobs.add(`/proc/self/fd/${file.handle.fd}`, sha256);
          if (changed === null) return;
          await unsynced.add(changed);
          await unsynced.add(join(dataDir, 'preimages'));
        });
      }),

    has: async (sha256) => await blobs.has(sha256),
    read: async (sha256, limit) => await blobs.read(sha256, limit),

    readReal: async (workspace, path, limit) =>
      await within<Uint8Array | null>({ workspace, path }, null, async (parent) => await readFile(parent, limit)),

    inspect: async (workspace, path) => await within({ workspace, path }, null, async (parent) => (await inspectVersion(parent)).version),

    async apply(step) {
      const missing = step.wanted === null ? ({ ok: true } as const) : ({ ok: false, actual: null } as const);
      return await within(step, missing, async (parent) => {
        const result = await applyStep(parent, step, ({ sha256 }) => blobs.path(sha256));
        if (result.ok) await unsynced.add(parent.held.handle);
        return result;
      });
    },

    tidy: async (workspace, path) =>
      await within({ workspace, path }, undefined, async ({ held, name }) => {
        await unlink(below(held.handle, temporaryName(name))).catch((error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') throw error;
        });
      }),

    async settle() {
      try {
        await unsynced.sync();
      } catch (cause) {
        throw new AppError('unavailable', 'The disk did not take what was written.', { cause });
      }
    },

    collectGarbage: async (needed, budgetBytes) => await blobs.collectGarbage(needed, budgetBytes),
  };
}

/** Holds the regular file at a name. Errors: `conflict` when there is none. */
async function withFile<T>({ held, name, path }: HeldParent, use: (file: Held) => Promise<T>): Promise<T> {
  const file = await holdChild(held.handle, name).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') throw new AppError('conflict', `${path} is gone`, { cause });
    throw cause;
  });
  try {
    if (!file.stat.isFile()) throw new AppError('conflict', `${path} is no regular file any more`);
    return await use(file);
  } finally {
    await file.handle.close();
  }
}

async function readFile(parent: HeldParent, limit: number): Promise<Uint8Array | null> {
  try {
    return await withFile(parent, async (held) => {
      const file = await openHeld(held.handle);
      try {
        const size = Math.min(limit, Number(held.stat.size));
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
