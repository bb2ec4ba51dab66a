import { execFile } from 'node:child_process';
import { fsync, statSync } from 'node:fs';
import { promisify } from 'node:util';

/** Of more files than these it is faster to write out the whole file system. */
const few = 32;
/** At most so many wait for one round; each holds a descriptor. */
const most = 256;
const syncProgram = '/usr/bin/sync';

/** A file that is open for the moment, and the path of something on the same file system. */
export interface Unsynced {
  readonly fd: number;
  readonly near: string;
}

const syncFile = promisify(fsync);

/** Resolves when the content of these files survives a loss of power. Rejects with the system's error. */
async function syncFiles(files: readonly Unsynced[]): Promise<void> {
  if (files.length > few && (await syncFileSystems(files.map(({ near }) => near)))) return;
  await Promise.all(files.map(async ({ fd }) => await syncFile(fd)));
}

/** Node has no syncfs(2). False where there is no such program or it reports a failure: then each file has to be asked. */
export async function syncFileSystems(paths: readonly string[]): Promise<boolean> {
  try {
    const byDevice = new Map(paths.map((path) => [statSync(path).dev, path]));
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
  /** Resolves when the file's content is durable. The descriptor stays open until then. */
  sync(file: Unsynced): Promise<void>;
}

export function createGroupSync(): GroupSync {
  let waiting: Unsynced[] = [];
  let next: Promise<void> | null = null;
  let running: Promise<unknown> = Promise.resolve();
  const round = async (): Promise<void> => {
    await running;
    await new Promise((resolve) => setImmediate(resolve));
    const files = waiting;
    waiting = [];
    next = null;
    const done = syncFiles(files);
    running = done.catch(() => undefined);
    await done;
  };
  return {
    async sync(file) {
      // More callers than descriptors to spare wait for a round of their own.
      while (waiting.length >= most) await next?.catch(() => undefined);
      waiting.push(file);
      next ??= round();
      await next;
    },
  };
}
