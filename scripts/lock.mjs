import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CACHE } from './paths.mjs';

const POLL_MS = 100;

/**
 * Runs `work` while no other process of this checkout does work under the same name; waits for its turn.
 * A lock whose holder has died is taken over.
 */
export async function withLock(name, work) {
  const file = join(CACHE, `${name}.lock`);
  mkdirSync(dirname(file), { recursive: true });
  while (!tryTake(file)) await pause(POLL_MS);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function tryTake(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHeld(file)) rmSync(file, { force: true });
    return false;
  }
}

function isHeld(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Between creation and writing the file is empty: its holder is alive and about to write.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
