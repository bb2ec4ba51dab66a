import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProgramHandle, Runner, RunnerCommand, RunnerResult } from '../../core/ports/runner.ts';
import { waitingArgv, writtenInstructions } from './launcher.ts';
import { createRunner } from './runner.ts';

/** Bash processes of ours that wait: children of this process whose words are a launcher's. */
const waiting = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state !== 'Z' && Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('instructions');
      } catch {
        return false;
      }
    });
const words = [
  '',
  '-n',
  "'; touch made; '",
  '$(touch made)',
  '`touch made`',
  '\n',
  'ends\n',
  '\\',
  'ü€😀',
  '\u0001\u007f',
  'x'.repeat(50_000),
];

describe('launchers that are started ahead', () => {
  let runner: Runner;
  let folder: string;
  beforeEach(() => {
    runner = createRunner();
    folder = mkdtempSync(join(tmpdir(), 'launchers-test-'));
  });
  afterEach(async () => {
    await runner.stop();
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
    rmSync(folder, { recursive: true });
  });
  /** The result, and the process that it was started as. */
  const run = async (argv: readonly string[], over: Partial<RunnerCommand> = {}): Promise<RunnerResult & { pid: number }> => {
    let started: ProgramHandle | null = null;
    const result = await runner.run(
      { argv, env: {}, cwd: '/', descriptors: [], tty: false, ahead: true, timeoutMs: 15_000, outputLimit: 200_000, ...over },
      new AbortController().signal,
      { onStarted: (handle) => (started = handle) },
    );
    return { ...result, pid: (started as ProgramHandle | null)?.pid ?? 0 };
  };
  /** Lets something run and waits until others like it are ready. */
  const ready = async (over: Partial<RunnerCommand> = {}): Promise<number[]> => {
    await run(['/bin/true'], over);
    await expect.poll(() => waiting().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    return waiting();
  };

  it('serve what comes next, each once', async () => {
    const before = await ready();
    const served = await Promise.all([1, 2, 3].map(async () => run(['/bin/echo', 'served'])));
    expect(served.map(({ output }) => output)).toEqual(['served\n', 'served\n', 'served\n']);
    expect(served.filter(({ pid }) => before.includes(pid))).toHaveLength(2);
    expect(new Set(served.map(({ pid }) => pid)).size).toBe(3);
  });

  it.each([{}, { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8' }])(
    'F39: pass words as they are; nothing in them is read by a shell (%o)',
    async (env) => {
      const before = await ready({ env });
      const { output, pid } = await run(['/usr/bin/printf', '%s\\0', ...words], { env });
      expect(before).toContain(pid);
      expect(output.split('\0').slice(0, -1)).toEqual(words);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('F39: give the program the descriptors that are named and no other, no input, an empty environment and its mask', async () => {
    const file = join(folder, 'given');
    writeFileSync(file, 'given');
    const stray = openSync(file, 'r');
    const before = await ready({ gate: true });
    const given = openSync(file, 'r');
    const script = 'cat; cat <&5; echo; umask; ls /proc/self/fd; tr "\\0" "\\n" < /proc/$$/environ';
    const { output, pid } = await run(['/bin/dash', '-c', script], {
      gate: true,
      umask: 0o027,
      descriptors: [{ fd: given, access: 'read' }],
    });
    for (const fd of [given, stray]) closeSync(fd);
    expect(before).toContain(pid);
    // 3 and 4 are the gate's, 6 is the listing itself.
    expect(output.replace(/^(_|SHLVL)=.*\n/gm, '')).toBe('given\n0027\n0\n1\n2\n3\n4\n5\n6\n');
  });

  it('serve nothing with another environment, folder or input', async () => {
    const before = await ready();
    for (const over of [{ env: { A: 'b' } }, { cwd: '/tmp' }, { input: true }, { ahead: false }])
      expect(before).not.toContain((await run(['/bin/true'], over)).pid);
    expect(waiting()).toEqual(expect.arrayContaining(before));
  });

  it('leave the input that follows their instructions to the program', async () => {
    await ready({ input: true });
    const result = await new Promise<RunnerResult>((resolve, reject) => {
      runner
        .run(
          {
            argv: ['/bin/cat'],
            env: {},
            cwd: '/',
            descriptors: [],
            tty: false,
            ahead: true,
            input: true,
            timeoutMs: 15_000,
            outputLimit: 1000,
          },
          new AbortController().signal,
          {
            onStarted(handle) {
              handle.write('input\n');
              handle.end();
            },
          },
        )
        .then(resolve, reject);
    });
    expect(result).toMatchObject({ exit: { kind: 'exited', code: 0 }, output: 'input\n' });
  });

  it('are replaced when they die', async () => {
    const [first = 0] = await ready();
    process.kill(first, 'SIGKILL');
    await expect.poll(() => waiting().includes(first), { timeout: 10_000 }).toBe(false);
    // Until the gateway itself has been told of it.
    await sleep(100);
    expect((await run(['/bin/echo', 'served'])).output).toBe('served\n');
  });

  it('end with the runner, and with them what they have started', async () => {
    const launchers = (await ready({ gate: true })).map(String);
    const left = (): string[] =>
      execFileSync('/bin/ps', ['-eo', 'pid,sid,stat'])
        .toString()
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, session, state]) => launchers.includes(session ?? '') && state?.startsWith('Z') === false)
        .map(([pid]) => pid ?? '');
    // Each with its lifeline, its gate and its cat.
    expect(left()).toHaveLength(8);
    await runner.stop();
    await expect.poll(left, { timeout: 10_000 }).toEqual([]);
  });

  it('F59: end with the gateway, and with them what they have started', async () => {
    const script = `
      import { createRunner } from ${JSON.stringify(new URL('./runner.ts', import.meta.url).pathname)};
      const runner = createRunner();
      const run = (argv) => runner.run({ argv, env: {}, cwd: '/', descriptors: [], tty: false, ahead: true, gate: true, timeoutMs: 5000, outputLimit: 100 }, new AbortController().signal);
      await run(['/bin/true']);
      setTimeout(async () => {
        console.log('ready');
        setInterval(() => undefined, 1000);
      }, 500);`;
    const gateway = spawn(process.execPath, ['--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script]);
    await new Promise((resolve) => gateway.stdout.once('data', resolve));
    // All of them and what they have started, by their sessions.
    const children = (): string[] =>
      execFileSync('/bin/ps', ['-eo', 'pid,ppid,sid'])
        .toString()
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, parent, session]) => parent === String(gateway.pid) || sessions.has(session ?? ''))
        .map(([pid]) => pid ?? '');
    const sessions = new Set<string>();
    for (const pid of children()) sessions.add(pid);
    expect(sessions.size).toBe(2);
    expect(children().length).toBeGreaterThan(4);
    gateway.kill('SIGKILL');
    await expect.poll(children, { timeout: 10_000 }).toEqual([]);
  });
});

describe('instructions', () => {
  const command = { argv: ['/bin/echo', 'ran'], descriptors: [], tty: false };
  const shape = { env: {}, cwd: '/' };
  const given = async (bytes: Uint8Array): Promise<string> => {
    const [file, ...args] = waitingArgv(shape);
    // A group of its own: that is what the end of the lifeline ends.
    const child = spawn(file, args, { env: {}, detached: true, stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin?.end(bytes);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout?.once('close', resolve));
    await ended;
    (child.stdio[3] as Socket).destroy();
    return output;
  };

  it('F59: cut off anywhere, as by the gateway’s death, they are none', async () => {
    const whole = writtenInstructions(command, process.pid);
    expect(await given(whole)).toBe('ran\n');
    for (let length = 0; length < whole.length; length += 9) expect(await given(whole.subarray(0, length))).toBe('');
  });
});
