import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import { startWatchdog } from './watchdog.ts';

const limits = SandboxLimits.parse({ disk_mb: 20 });

describe('limits: the watchdog', () => {
  let folder: string;
  let child: ChildProcess;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'watchdog-test-'));
    child = spawn('/bin/bash', ['-c', 'while :; do head -c 1M /dev/zero >> flood; sleep 0.02; done'], { cwd: folder, stdio: 'ignore' });
  });
  afterEach(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const written = async (): Promise<number> => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

  it('F59: kills what fills the disk, once, and says so', async () => {
    let kills = 0;
    const watch = startWatchdog({
      pid: child.pid ?? 0,
      limits,
      counters: null,
      disk: [async () => 0, written],
      kill: () => {
        kills += 1;
        child.kill('SIGKILL');
      },
    });
    await expect.poll(() => child.killed, { timeout: 8000 }).toBe(true);
    expect(await watch.stop()).toBe('disk');
    expect(kills).toBe(1);
    const size = await written();
    expect(size).toBeGreaterThan(20 * 2 ** 20);
    expect(size).toBeLessThan(200 * 2 ** 20);
  });

  it('looks less often where looking is slow, goes on after a failure, and stops at once', async () => {
    let slow = 0;
    let failing = 0;
    const watch = startWatchdog({
      pid: child.pid ?? 0,
      limits: { ...limits, disk_mb: 100_000 },
      counters: null,
      disk: [
        async () => {
          slow += 1;
          await sleep(150);
          return 0;
        },
        async () => {
          failing += 1;
          throw new Error('the folder is being changed');
        },
      ],
      kill: () => child.kill('SIGKILL'),
    });
    await sleep(1200);
    const began = performance.now();
    expect(await watch.stop()).toBeNull();
    expect(performance.now() - began).toBeLessThan(150);
    expect(slow).toBe(1);
    expect(failing).toBeGreaterThan(3);
    const after = failing;
    await sleep(400);
    expect(failing).toBe(after);
    expect(child.killed).toBe(false);
  });

  it('F59: counts nobody’s processes but the sandbox’s: a program outside of one is left alone', async () => {
    // Its /proc is this machine's, with far more than one process.
    const seen = { kills: 0, looks: 0 };
    const watch = startWatchdog({
      pid: child.pid ?? 0,
      limits: { ...limits, processes: 1 },
      counters: null,
      disk: [],
      kill: () => (seen.kills += 1),
      onSeen: () => (seen.looks += 1),
    });
    await sleep(500);
    expect(await watch.stop()).toBeNull();
    expect(seen).toEqual({ kills: 0, looks: 0 });
    const { stdout } = await promisify(execFile)('/bin/ps', ['-e', '--no-headers']);
    expect(stdout.split('\n').length).toBeGreaterThan(2);
  });
});
