import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LimitMechanism } from '../adapters/bubblewrap/limits/limits.ts';
import type { SandboxCommand, SandboxResult } from '../core/ports/sandbox.ts';
import { openSandboxWorld, testProfile, type SandboxWorld } from './sandbox-world.ts';

const mebibyte = 2 ** 20;
/** Leaves its session and its parents twice over, and stands out in the list of processes. */
const stray = (tag: string): string => `(setsid setsid bash -c 'exec -a ${tag} sleep 300' &) ; `;
const python = (text: string): string => `python3 -c '${text}'`;

/** Floods from inside a real sandbox: each ends by the limit it goes over, leaves nothing, and this process stays able to answer. */
export const describeLimits = (who: string, mechanisms: readonly LimitMechanism[], isHeldTogether: boolean): void => {
  describe(`limits: ${mechanisms.join(', ')} as ${who}`, () => {
    let world: SandboxWorld;
    let tag: string;
    beforeEach(async () => {
      world = await openSandboxWorld({ mechanisms });
      tag = `flood-${world.root.slice(-6)}`;
      expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
    });
    afterEach(async () => world.close());

    /** The oracle: whether a process of that name is anywhere on this machine. */
    const strays = (): number => execFileSync('/bin/ps', ['-eo', 'args']).toString().split(tag).length - 1;
    /** Runs, and tells how long this process was stuck at a time, in ms. */
    const flood = async (
      script: string,
      over: Partial<SandboxCommand> = {},
    ): Promise<{ readonly result: SandboxResult; readonly stuckMs: number }> => {
      const delay = monitorEventLoopDelay({ resolution: 10 });
      delay.enable();
      const result = await world.bash(`${stray(tag)}sleep 0.1; ${script}`, { timeoutMs: 15_000, ...over });
      delay.disable();
      return { result, stuckMs: delay.percentile(95) / 1e6 };
    };
    const expectGone = async ({ result, stuckMs }: Awaited<ReturnType<typeof flood>>): Promise<void> => {
      // In milliseconds; the promise is a second. That hundreds of processes are gone as well takes a busy machine longer.
      expect(stuckMs).toBeLessThan(1000);
      await expect.poll(strays, { timeout: 10_000, interval: 50 }).toBe(0);
      expect(result.durationMs).toBeLessThan(15_000);
      // What comes next is not held back by it.
      expect((await world.bash('echo fine')).output).toBe('fine\n');
    };

    it('F59: says what holds commands back, once it has been seen to', () => {
      expect(world.sandbox.limits()).toMatchObject({ mechanism: mechanisms[0], watchdog: true });
    });

    it('F59: a command within its limits is left alone, its stray children seen from outside until it ends', async () => {
      const pending = world.bash(`${stray(tag)}head -c 50M /dev/zero | tail -c 50M | wc -c; sleep 1; exit 7`);
      await expect.poll(strays, { timeout: 3000, interval: 50 }).toBeGreaterThan(0);
      expect(await pending).toMatchObject({ exit: { kind: 'exited', code: 7 }, output: '52428800\n' });
      expect((await pending).limit).toBeUndefined();
      await expect.poll(strays, { timeout: 1000, interval: 50 }).toBe(0);
    });

    it('F59: ends a fork bomb, also of sleepers that left their session', { timeout: 60_000 }, async () => {
      const bomb = await flood('bomb() { bomb | bomb & }; bomb; sleep 20');
      expect(bomb.result).toMatchObject({ limit: 'processes', exit: { kind: 'signalled' } });
      await expectGone(bomb);
      const sleepers = await flood(`for i in $(seq 100); do setsid bash -c 'exec -a ${tag} sleep 300' & done; sleep 20`);
      expect(sleepers.result).toMatchObject({ limit: 'processes', exit: { kind: 'signalled' } });
      await expectGone(sleepers);
    });

    it('F59: counts threads as well', { timeout: 30_000 }, async () => {
      const threads = python(
        'import threading,time\\nthreading.stack_size(65536)\\nfor i in range(100):\\n try: threading.Thread(target=time.sleep,args=(20,),daemon=True).start()\\n except RuntimeError: break\\ntime.sleep(20)',
      ).replaceAll('\\n', '\n');
      const flooded = await flood(threads);
      expect(flooded.result).toMatchObject({ limit: 'processes' });
      await expectGone(flooded);
    });

    it('F59: ends a flood of memory, of one process and of many together', { timeout: 60_000 }, async () => {
      const one = await flood(`${python('x = bytearray(2**31)')}; sleep 1`);
      // Held back for each process, or ended for all of them.
      if (isHeldTogether) expect(one.result).toMatchObject({ limit: 'memory' });
      else expect(one.result.output).toContain('MemoryError');
      const many = await flood(`for i in 1 2 3 4; do ${python(`import time; x = bytearray(100*2**20); time.sleep(20)`)} & done; sleep 20`);
      expect(many.result).toMatchObject({ limit: 'memory' });
      await expectGone(many);
    });

    it('F59: shared memory counts once', { timeout: 30_000 }, async () => {
      const script = python(
        'import mmap,os,time\\nm=mmap.mmap(-1,100*2**20)\\nm[:]=b"x"*len(m)\\nfor i in range(5):\\n if os.fork()==0:\\n  sum(m[::4096]); time.sleep(1.5); os._exit(0)\\nfor i in range(5): os.wait()\\nprint("done")',
      ).replaceAll('\\n', '\n');
      const shared = await flood(script);
      expect(shared.result.limit).toBeUndefined();
      expect(shared.result.output).toBe('done\n');
    });

    it('F59: holds a flood of /tmp back', { timeout: 60_000 }, async () => {
      const tmp = await flood('head -c 100M /dev/zero > /tmp/full; stat -c %s /tmp/full');
      expect(Number(/^\d+$/m.exec(tmp.result.output)?.[0])).toBeLessThanOrEqual(16 * mebibyte);
      expect(tmp.result.output).toContain('No space left');
      await expectGone(tmp);
    });

    it('F59: a flood of output, with and without a terminal, leaves this process able to answer', { timeout: 60_000 }, async () => {
      for (const tty of [false, true]) {
        const output = await flood('yes "$(head -c 4000 /dev/zero | tr "\\0" y)"', { timeoutMs: 2000, outputLimit: 65_536, tty });
        expect(output.result).toMatchObject({ exit: { kind: 'timed_out' }, truncated: true });
        expect(output.result.output.length).toBeLessThanOrEqual(65_536);
        await expectGone(output);
      }
    });

    it('F59: a gateway that is killed takes everything with it within a second', { timeout: 90_000 }, async () => {
      const module = fileURLToPath(new URL('./sandbox-world.ts', import.meta.url));
      const script = `
        import { openSandboxWorld } from ${JSON.stringify(module)};
        const world = await openSandboxWorld({ mechanisms: ${JSON.stringify(mechanisms)} });
        await world.sandbox.probe();
        process.stdout.write(world.root + ' ready');
        process.stdin.once('data', () => {
          const run = (tty) => world.bash(process.argv[1], { tty }).catch(() => undefined);
          void run(false); void run(false); void run(true);
        });`;
      const crowd = `for i in $(seq 20); do setsid bash -c "trap '' HUP TERM; exec -a ${tag} sleep 300" & done; exec -a ${tag} sleep 300`;
      let seen = 0;
      // Milliseconds after which it is killed.
      for (const after of [800, 1500]) {
        const node = ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script, crowd];
        const gateway = spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'inherit'] });
        const root = await new Promise<string>((resolve) =>
          gateway.stdout.once('data', (data: Buffer) => resolve(data.toString().split(' ')[0] ?? '')),
        );
        gateway.stdin.write('go');
        await sleep(after);
        seen = Math.max(seen, strays());
        gateway.kill('SIGKILL');
        await expect.poll(strays, { timeout: 1000, interval: 100 }).toBe(0);
        // What is not there yet would come now.
        await sleep(150);
        expect(strays(), `after ${after} ms`).toBe(0);
        // It could not tidy up after itself.
        rmSync(root, { recursive: true });
      }
      expect(seen).toBeGreaterThan(50);
    });

    it('F59: processor time ends a process that spins', { timeout: 30_000 }, async () => {
      const profile = { ...testProfile, limits: { ...testProfile.limits, cpu_s: 1 } };
      const spun = await flood("bash -c 'while :; do :; done'; echo $?", { profile });
      expect(spun.result.output).toMatch(/137|152/);
    });

    it('F59: the command sees no control group and cannot leave its own', async () => {
      const result = await world.bash(
        'cat /proc/self/cgroup; ls /sys; mkdir /tmp/c; mount -t cgroup2 none /tmp/c; mount -t cgroup -o pids none /tmp/c; find / -name cgroup.procs 2>/dev/null; echo end',
      );
      expect(result.output).not.toContain('gatehouse');
      expect(result.output).toMatch(/cannot access '\/sys'/);
      expect(result.output).toMatch(/\nend\n$/);
      expect(result.output).not.toContain('cgroup.procs');
    });

    it('F59: leaves no control group behind, and removes what a dead gateway left', async () => {
      const groups = (): readonly string[] =>
        ownFolders().flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith('gatehouse-')));
      const mine = (): readonly string[] => groups().filter((name) => name.startsWith(`gatehouse-${process.pid}-`));
      const pending = world.bash('sleep 0.5');
      await sleep(300);
      expect(mine().length).toBe(mechanisms[0] === 'cgroup-v1' ? 3 : 0);
      await pending;
      // Of a process that is no more: its number with another beginning.
      const stale = ownFolders().map((folder) => join(folder, `gatehouse-${process.pid}-1-1`));
      if (mechanisms[0] === 'cgroup-v1') for (const folder of stale) mkdirSync(folder);
      await world.sandbox.probe();
      await world.sandbox.stop();
      expect(mine()).toEqual([]);
      expect(stale.filter((folder) => existsSync(folder))).toEqual([]);
    });
  });
};

/** Where this process's control groups of version 1 lie on a usual system. */
const ownFolders = (): readonly string[] =>
  readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, controller, path] = /^\d+:(memory|pids|cpu):(.*)$/.exec(line) ?? [];
      return controller === undefined || path === undefined ? [] : [join('/sys/fs/cgroup', controller, path)];
    });
