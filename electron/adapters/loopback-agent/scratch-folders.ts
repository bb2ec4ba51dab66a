import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScratchFolders } from '../../core/ports/loopback-agent.ts';

export function createScratchFolders(): ScratchFolders {
  return {
    create: async () => await realpath(await mkdtemp(join(tmpdir(), 'gatehouse-tryout-'))),
    remove: async (path) => {
      await rm(path, { recursive: true, force: true });
    },
  };
}
