import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, rmSync, writeSync } from 'node:fs';
import { createPrivateFile } from './private-files.ts';

/** Room for the closing events of what runs when the disk fills up. */
const RESERVE_BYTES = 1024 * 1024;

/** Disk space that is kept for the log's last words. */
export interface ReserveFile {
  /** Writes the reserve when it is not there in full. Throws when there is no room for it. */
  fill(): void;
  /** Gives the space back to the file system. */
  release(): void;
}

export function createReserveFile(path: string): ReserveFile {
  return {
    release: () => rmSync(path, { force: true }),
    fill() {
      if (lstatSync(path, { throwIfNoEntry: false })?.size === RESERVE_BYTES) return;
      rmSync(path, { force: true });
      try {
        writeReserve(path);
      } catch (error) {
        rmSync(path, { force: true });
        throw error;
      }
    },
  };
}

function writeReserve(path: string): void {
  const descriptor = createPrivateFile(path);
  try {
    // Random, because a file system that compresses keeps no space for zeros.
    const bytes = randomBytes(RESERVE_BYTES);
    for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
