import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Runner, RunnerCommand, RunnerResult } from '../../core/ports/runner.ts';
import { createOutputCapture } from './output-capture.ts';
import { createRunner } from './runner.ts';

describe('runner', () => {
  let runner: Runner;
  let folder: string;
  beforeEach(() => {
    runner = createRunner();
    folder = mkdtempSync(join(tmpdir(), 'runner-test-'));
  });
  afterEach(async () => {
    await runner.stop();
    rmSync(folder, { recursive: true });
  });
  const run = async (script: string, over: Partial<RunnerCommand> = {}, signal = new AbortController().signal): Promise<RunnerResult> =>
    runner.run(
      {
        argv: ['/bin/sh', '-c', script],
        env: { PATH: '/usr/bin:/bin' },
        cwd: folder,
        descriptors: [],
        tty: false,
        timeoutMs: 15_000,
        outputLimit: 100_000,
        ...over,
      },
      signal,
    );
  // A dead process that nobody has collected yet still has an entry, in state Z.
  const isAlive = (pid: string): boolean => {
    try {
      return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };

  it('F39: passes words as they are; nothing in them is read by a shell', async () => {
    const words = ['$(touch made)', '`touch made`', '; touch made', '"\'\n', '*', '-n', ''];
    const result = await run('', { argv: ['/usr/bin/printf', '<%s>', ...words] });
    expect(result.output).toBe(words.map((word) => `<${word}>`).join(''));
    expect(execFileSync('ls', [folder]).toString()).toBe('');
  });

  it('gives the program the environment it was given, the folder, and no standard input', async () => {
    process.env['RUNNER_CANARY'] = 'secret';
    const result = await run('env; pwd; cat; exit 7', { env: { A: 'b' } });
    delete process.env['RUNNER_CANARY'];
    expect(result.exit).toEqual({ kind: 'exited', code: 7 });
    expect(result.output).toContain('A=b');
    expect(result.output).toContain(folder);
    expect(result.output).not.toContain('RUNNER_CANARY');
  });

  it('keeps stdout and stderr in the order in which they came', async () => {
    const result = await run('for i in 1 2 3; do echo out$i; echo err$i >&2; done');
    expect(result.output).toBe('out1\nerr1\nout2\nerr2\nout3\nerr3\n');
    const named = await run('echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr');
    expect(named.output).toBe('a\nb\nc\nc\n');
  });

  it('passes the named descriptors from 3 on, and no other, not even one that is not close-on-exec', async () => {
    writeFileSync(join(folder, 'given'), 'given');
    const fd = openSync(join(folder, 'given'), 'r');
    const result = await run('cat <&3; ls /proc/self/fd', { descriptors: [{ fd, access: 'read' }] });
    closeSync(fd);
    // 4 is the listing itself.
    expect(result.output).toBe('given0\n1\n2\n3\n4\n');

    // A process that has inherited an open descriptor 30, which Node's own sweep at start-up does not reach.
    const script = `
      import { spawnSync } from 'node:child_process';
      import { createRunner } from ${JSON.stringify(fileURLToPath(new URL('./runner.ts', import.meta.url)))};
      const naive = spawnSync('/bin/cat', ['/proc/self/fd/30']).stdout.toString();
      const command = { argv: ['/bin/cat', '/proc/self/fd/30'], env: {}, cwd: '/', descriptors: [], tty: false, timeoutMs: 5000, outputLimit: 1000 };
      const runner = createRunner();
      const piped = await runner.run(command, new AbortController().signal);
      const tty = await runner.run({ ...command, tty: true }, new AbortController().signal);
      console.log(JSON.stringify({ naive, piped: piped.output, tty: tty.output }));`;
    const bash = spawnSync('bash', [
      '-c',
      'exec 30<"$1"; shift; exec "$@"',
      'bash',
      join(folder, 'given'),
      process.execPath,
      '--experimental-strip-types',
      '--no-warnings',
      '--input-type=module',
      '-e',
      script,
    ]);
    const seen = JSON.parse(bash.stdout.toString() || JSON.stringify({ stderr: bash.stderr.toString() })) as Record<string, string>;
    expect(seen['naive']).toBe('given');
    expect(seen['piped']).toContain('No such file');
    expect(seen['tty']).toContain('No such file');
  });

  it('F36: kills at the time limit, also what ignores SIGTERM and what runs in the background', async () => {
    const result = await run(`trap '' TERM; sleep 300 & echo $!; wait`, { timeoutMs: 500 });
    expect(result.exit).toEqual({ kind: 'timed_out' });
    expect(result.durationMs).toBeLessThan(3000);
    await sleep(50);
    expect(isAlive(result.output.trim())).toBe(false);
  });

  it('kills on abort, and starts nothing when it was aborted before', async () => {
    const abort = new AbortController();
    const pending = run('echo started; sleep 300', {}, abort.signal);
    await sleep(300);
    abort.abort();
    const result = await pending;
    expect(result).toMatchObject({ exit: { kind: 'aborted' }, output: 'started\n' });
    await run('touch made', {}, abort.signal);
    expect(execFileSync('ls', [folder]).toString()).toBe('');
  });

  it('does not wait for background children that keep the output open, and kills them', async () => {
    const result = await run('sleep 300 & echo $!');
    expect(result.exit).toEqual({ kind: 'exited', code: 0 });
    expect(result.durationMs).toBeLessThan(3000);
    await sleep(50);
    expect(isAlive(result.output.trim())).toBe(false);
  });

  it('F59: counts and drops output past the limit: `yes`, a line of 5 MB', async () => {
    const before = process.memoryUsage().rss;
    const flood = await run('yes', { timeoutMs: 2000, outputLimit: 1000 });
    expect(flood).toMatchObject({ exit: { kind: 'timed_out' }, truncated: true });
    expect(flood.output).toHaveLength(1000);
    expect(flood.outputBytes).toBeGreaterThan(10_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
    const line = await run('head -c 5000000 /dev/zero | tr "\\0" x', { outputLimit: 6_000_000 });
    expect(line).toMatchObject({ truncated: false, outputBytes: 5_000_000 });
    expect(line.output).toBe('x'.repeat(5_000_000));
  });

  it('decodes across chunks, replaces what is not UTF-8, and never ends in half a character', () => {
    const chunks: string[] = [];
    const capture = createOutputCapture(100, (chunk) => chunks.push(chunk));
    for (const byte of Buffer.from('a€😀\ufeff')) capture.add(Buffer.from([byte]));
    capture.add(Buffer.from([0xff, 0xe2, 0x82]));
    expect(capture.finish()).toEqual({ output: 'a€😀\ufeff\ufffd\ufffd', outputBytes: 14, truncated: false });
    expect(chunks.join('')).toBe('a€😀\ufeff\ufffd\ufffd');
    const cut = createOutputCapture(2, () => undefined);
    cut.add(Buffer.from('a€'));
    expect(cut.finish()).toEqual({ output: 'a', outputBytes: 4, truncated: true });
  });

  it('runs in a terminal when asked to', async () => {
    expect((await run('test -t 1 && echo yes || echo no')).output).toBe('no\n');
    const result = await run('test -t 1 && echo yes; exit 5', { tty: true });
    expect(result).toMatchObject({ output: 'yes\r\n', exit: { kind: 'exited', code: 5 } });
    expect((await run('sleep 300', { tty: true, timeoutMs: 300 })).exit).toEqual({ kind: 'timed_out' });
  });

  it('says when a program cannot be started, and starts nothing once it is stopped', async () => {
    await expect(run('true', { cwd: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'unavailable' });
    expect((await run('', { argv: ['/no/such/program'] })).exit).toEqual({ kind: 'exited', code: 127 });
    await runner.stop();
    await expect(run('true')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
