import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { below, identityKey, type Held } from '../files/descriptors.ts';

/** Descriptors kept at once until they are synced. */
const limit = 64;

/** Folders in which names changed since the last `sync`: each is synced once, however many of its files changed. */
export interface UnsyncedFolders {
  /** Remembers a folder that is held. */
  add(folder: Held): Promise<void>;
  sync(): Promise<void>;
}

export function createUnsyncedFolders(): UnsyncedFolders {
  let waiting = new Map<string, FileHandle>();

  async function sync(): Promise<void> {
    const all = [...waiting.values()];
    waiting = new Map();
    const results = await Promise.allSettled(
      all.map(async (folder) => {
        try {
          await folder.sync();
        } finally {
          await folder.close();
        }
      }),
    );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  return {
    async add(folder) {
      const key = identityKey(folder.stat);
      if (waiting.has(key)) return;
      const handle = await open(below(folder.handle, '.'), constants.O_RDONLY | constants.O_DIRECTORY);
      if (waiting.has(key)) {
        await handle.close();
        return;
      }
      waiting.set(key, handle);
      if (waiting.size >= limit) await sync();
    },
    sync,
  };
}
