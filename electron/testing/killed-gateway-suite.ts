import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const childFile = fileURLToPath(new URL('killed-gateway-child.ts', import.meta.url));
const gateways = 5;
const commands = 16;
const gapMs = 5;

/** The moment of the kill is what counts: each gateway starts commands one after the other, and each is then of another age. */
export const describeKilledGateway = (who: string): void => {
  describe(`sandbox: a gateway that is killed while commands start, as ${who}`, () => {
    let running: { readonly child: ChildProcessWithoutNullStreams; readonly root: string }[] = [];
    /** Stands in the words of every process that has to do with a command: of bubblewrap too, and of what waits for its go-ahead. */
    const tag = `killed-${randomBytes(6).toString('hex')}`;
    const crowd = `setsid setsid sh -c 'trap "" HUP TERM; : ${tag}; while :; do sleep 0.02; done' & trap '' HUP TERM; : ${tag}; while :; do sleep 0.02; done`;
    const strays = (): string[] =>
      execFileSync('/bin/ps', ['-eo', 'pid,ppid,stat,args'])
        .toString()
        .split('\n')
        .filter((line) => line.includes(tag) && !/^\s*\d+\s+\d+\s+Z/.test(line));

    const start = async (): Promise<void> => {
      const child = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', childFile]);
      child.stderr.resume();
      const line = await new Promise<string>((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', resolve);
        child.once('exit', () => reject(new Error('the gateway did not get ready')));
      });
      const [effective, root = ''] = line.split(' ');
      expect(effective).toBe('bubblewrap');
      running.push({ child, root });
    };
    beforeEach(() => (running = []));
    afterEach(() => {
      for (const { child, root } of running) {
        child.kill('SIGKILL');
        // Folders of a layer's that nobody may enter.
        execFileSync('/bin/chmod', ['-R', 'u+rwX', root]);
        rmSync(root, { recursive: true, force: true });
      }
    });

    it('F59: leaves nothing behind, whatever it was killed in the middle of', { timeout: 120_000 }, async () => {
      for (let index = 0; index < gateways; index += 1) await start();
      let alive = 0;
      for (const [round, { child }] of running.entries()) {
        child.stdin.write(`${commands} ${gapMs} ${crowd}\n`);
        // The first is then about 80 ms old, the last not yet begun.
        await sleep(30 + round * 15 + Math.random() * 15);
        child.kill('SIGKILL');
        alive = Math.max(alive, strays().length);
        await expect.poll(strays, { timeout: 1000, interval: 50 }).toEqual([]);
        // What has been on its way would be there by now.
        await sleep(200);
        expect(strays()).toEqual([]);
      }
      expect(alive).toBeGreaterThan(0);
    });

    it('F59: positive control: while it lives, so do its commands and what has left their sessions', { timeout: 60_000 }, async () => {
      await start();
      running[0]?.child.stdin.write(`4 0 ${crowd}\n`);
      const inSandbox = (): number => strays().filter((line) => !line.includes('bwrap')).length;
      await expect.poll(inSandbox, { timeout: 5000, interval: 50 }).toBeGreaterThanOrEqual(8);
      await sleep(500);
      expect(inSandbox()).toBeGreaterThanOrEqual(8);
      running[0]?.child.kill('SIGKILL');
      await expect.poll(strays, { timeout: 1000, interval: 50 }).toEqual([]);
    });
  });
};
