import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../shared/errors.ts';
import { isGone } from './descriptors.ts';

/** The time in nanoseconds by which the kernel stamps every local file now. */
export type FileClock = () => Promise<bigint>;

const tickLimitMs = 50;
const waitLimitMs = 5000;

/** Touches a file of our own in a folder: its ctime is the clock. */
export const createFileClock = (folder: string): FileClock => {
  const marker = join(folder, '.clock');
  return async () => {
    const now = new Date();
    await utimes(marker, now, now).catch(async (error: unknown) => {
      if (!isGone(error)) throw error;
      await writeFile(marker, '', { mode: 0o600 });
    });
    return (await stat(marker, { bigint: true })).ctimeNs;
  };
};

/** The clock at its next tick, so that whatever was stamped before this call is older; a clock that ticks slowly is not waited for. */
export const nextTick = async (readClock: FileClock): Promise<bigint> => {
  const first = await readClock();
  const from = performance.now();
  for (;;) {
    const now = await readClock();
    if (now !== first || performance.now() - from > tickLimitMs) return now;
    await sleep(1);
  }
};

/** Waits until whatever is stamped from now on is newer than a stamp. Errors: `unavailable` when the clock stands still. */
export const waitPast = async (readClock: FileClock, stamp: bigint): Promise<void> => {
  const from = performance.now();
  while ((await readClock()) <= stamp) {
    if (performance.now() - from > waitLimitMs)
      throw new AppError(
        'unavailable',
        'the file system of the data directory does not count time: move the data directory to a local one',
      );
    await sleep(1);
  }
};
