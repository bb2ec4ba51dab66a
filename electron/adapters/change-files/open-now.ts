import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { FileHandle } from 'node:fs/promises';
import { below } from '../files/descriptors.ts';

/** Linux's O_PATH (asm-generic: x86, arm64); Node does not export it. */
const O_PATH = 0o10000000;
const { O_NOFOLLOW, O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants;

/** Files up to this size are read, hashed and written in one go; handing each system call to another thread takes twenty times as long. */
export const smallBytes = 1024 * 1024;

/** As `holdChild` of the walks, at once; valid until `use` returns or, when it answers a promise, until that is settled. */
export async function withChild<T>(folder: FileHandle, name: string, use: (fd: number, stat: BigIntStats) => T): Promise<Awaited<T>> {
  const fd = openSync(below(folder, name), O_PATH | O_NOFOLLOW);
  try {
    return await use(fd, fstatSync(fd, { bigint: true }));
  } finally {
    closeSync(fd);
  }
}

/** Everything in a small regular file that is held, as it is now; null when it has become a big one. */
export function readHeld(held: number): Buffer | null {
  // Never waits: what is held is a regular file.
  const fd = openSync(`/proc/self/fd/${held}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const size = fstatSync(fd).size;
    if (size > smallBytes) return null;
    const buffer = Buffer.allocUnsafe(size + 1);
    let length = 0;
    while (length < buffer.length) {
      const bytesRead = readSync(fd, buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    // It grows while it is read.
    return null;
  } finally {
    closeSync(fd);
  }
}

const turnMs = 8;

/** Lets everything else in the process have its turn when this has worked for a while. */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  let waiting: Promise<void> | null = null;
  return async () => {
    if (waiting === null && performance.now() - began > turnMs) {
      waiting = turn().then(() => {
        began = performance.now();
        waiting = null;
      });
    }
    await waiting;
  };
}
