import { closeSync, constants, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { below, identityKey, type Held } from '../files/descriptors.ts';

/** Descriptors kept at once until they are synced. */
const limit = 64;

const syncFolder = promisify(fsync);

/** Folders in which names changed since the last `sync`: each is synced once, however many of its files changed. */
export interface UnsyncedFolders {
  /** Remembers a folder that is held. */
  add(folder: Held): Promise<void>;
  sync(): Promise<void>;
}

export function createUnsyncedFolders(): UnsyncedFolders {
  let waiting = new Map<string, number>();

  async function sync(): Promise<void> {
    const all = [...waiting.values()];
    waiting = new Map();
    const results = await Promise.allSettled(
      all.map(async (folder) => {
        try {
          await syncFolder(folder);
        } finally {
          closeSync(folder);
        }
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  return {
    async add(folder) {
      const key = identityKey(folder.stat);
      if (waiting.has(key)) return;
      // At once: the next steps in this folder come before a thread would have answered.
      waiting.set(key, openSync(below(folder.handle, '.'), constants.O_RDONLY | constants.O_DIRECTORY));
      if (waiting.size >= limit) await sync();
    },
    sync,
  };
}
