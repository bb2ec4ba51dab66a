import { execFile } from 'node:child_process';
import { constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** Of more files than these it is faster to write out the whole file system. */
const few = 32;
const syncProgram = '/usr/bin/sync';

/** Makes files and folders durable by their paths. Rejects with the system's error. */
export async function syncPaths(paths: readonly string[]): Promise<void> {
  if (paths.length > few && (await syncFileSystems(paths.map(dirname)))) return;
  for (let at = 0; at < paths.length; at += few) await Promise.all(paths.slice(at, at + few).map(syncPath));
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Node has no syncfs(2). False where there is no such program or it reports a failure: then each file has to be asked. */
async function syncFileSystems(folders: readonly string[]): Promise<boolean> {
  try {
    const byDevice = new Map([...new Set(folders)].map((path) => [statSync(path).dev, path]));
    // The program's own /proc/self is another one than ours.
    const places = [...byDevice.values()].map((path) => path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`));
    await promisify(execFile)(syncProgram, ['-f', '--', ...places], { env: { LC_ALL: 'C' } });
    return true;
  } catch {
    return false;
  }
}

/** Makes files durable together: whoever asks while others are being written out shares the next round. */
export interface GroupSync {
  /** Resolves when the content of the file at a path is durable. The path leads there until then; no descriptor is held meanwhile. */
  sync(path: string): Promise<void>;
}

export function createGroupSync(): GroupSync {
  let waiting: string[] = [];
  let next: Promise<void> | null = null;
  let running: Promise<unknown> = Promise.resolve();
  const round = async (): Promise<void> => {
    await running;
    // Whoever is about to ask takes its turn first, as long as more come.
    for (let before = -1; before < waiting.length;) {
      before = waiting.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const paths = waiting;
    waiting = [];
    next = null;
    const done = syncPaths(paths);
    running = done.catch(() => undefined);
    await done;
  };
  return {
    async sync(path) {
      waiting.push(path);
      next ??= round();
      await next;
    },
  };
}
