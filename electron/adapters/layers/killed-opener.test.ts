import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const childFile = fileURLToPath(new URL('../../testing/killed-opener-child.ts', import.meta.url));
const gateways = 8;

describe.each(['overlay', 'fuse'])('layers: a gateway that is killed while it opens one (%s)', (wanted) => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'killed-opener-')));
    for (const name of ['layers', 'ws']) mkdirSync(join(root, name));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  /** Processes that name our folder in their words or have something mounted on it. */
  const strays = (): string[] =>
    readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && (read(`/proc/${pid}/cmdline`).includes(root) || read(`/proc/${pid}/mountinfo`).includes(root)),
    );

  it('F39: leaves nothing running and nothing mounted', { timeout: 60_000 }, async () => {
    let most = 0;
    for (let round = 0; round < gateways; round += 1) {
      const child = spawn(process.execPath, [
        '--experimental-strip-types',
        '--no-warnings',
        childFile,
        join(root, 'layers'),
        join(root, 'ws'),
        wanted,
      ]);
      child.stderr.resume();
      const kind = await new Promise((resolve) => child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString())));
      expect(kind).toBe(`${wanted}\n`);
      await sleep(20 + Math.random() * 100);
      const ended = new Promise((resolve) => child.once('close', resolve));
      most = Math.max(most, strays().length);
      child.kill('SIGKILL');
      await ended;
      await expect.poll(strays, { timeout: 10_000, interval: 20 }).toEqual([]);
    }
    // Positive control: besides the gateway itself, what it was in the middle of was seen; and with fuse-overlayfs all that serves the open view.
    expect(most).toBeGreaterThan(wanted === 'fuse' ? 4 : 1);
  });
});
