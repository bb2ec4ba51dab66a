import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disableCoreDumps } from './core-dumps.ts';

const module = fileURLToPath(new URL('./core-dumps.ts', import.meta.url));

describe('core dumps of our own process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'core-dumps-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A Node that may dump core as far as this machine lets it, then crashes as if by a fault of its own. */
  const crash = async (
    before: string,
  ): Promise<{ readonly limits: string; readonly child: string; readonly dumped: boolean; readonly signal: string | null }> => {
    const script = `
      import { disableCoreDumps } from ${JSON.stringify(module)};
      import { execFileSync } from 'node:child_process';
      ${before}
      console.log(execFileSync('/bin/bash', ['-c', 'ulimit -c']).toString());
      setInterval(() => undefined, 1000);`;
    const node = [process.execPath, '--experimental-strip-types', '--no-warnings', '--input-type=module', '-e', script];
    // The status that bash sees carries the kernel's own word on whether a core was written.
    const waiter = `ulimit -c unlimited || ulimit -c hard; exec perl -e '$pid = fork; if (!$pid) { exec @ARGV } print "pid $pid\\n"; $| = 1; print ""; waitpid $pid, 0; printf "signal %d core %d\\n", $? & 127, ($? & 128) ? 1 : 0' "$@"`;
    const child = spawn('/bin/bash', ['-c', waiter, 'bash', ...node], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const said = async (pattern: RegExp): Promise<string> => {
      await expect.poll(() => text, { timeout: 10_000, interval: 20 }).toMatch(pattern);
      return pattern.exec(text)?.[1] ?? '';
    };
    const inherited = await said(/^(\d+|unlimited)$/m);
    const pid = Number(await said(/^pid (\d+)$/m));
    const limits = /^Max core file size +(.*?) +bytes/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1] ?? '';
    process.kill(pid, 'SIGSEGV');
    const signal = await said(/^signal (\d+) core \d$/m);
    return { limits, child: inherited, dumped: (await said(/^signal \d+ core (\d)$/m)) === '1', signal };
  };

  it('F76: a crash of ours writes no core, and what we start cannot either', { timeout: 30_000 }, async () => {
    const off = await crash('const { disabled } = await disableCoreDumps(); if (!disabled) process.exit(1);');
    expect(off).toEqual({ limits: expect.stringMatching(/^0 +0$/) as string, child: '0', dumped: false, signal: '11' });
    expect(readdirSync(folder)).toEqual([]);
    // Positive control: without it the same crash has a limit above 0, and where the kernel writes the file itself, it says that it did.
    const on = await crash('');
    expect(on.limits).not.toMatch(/^0 /);
    expect(on.signal).toBe('11');
    // Where the system hands dumps to a program or keeps none, only that one knows.
    if (/^[^|\s]/.test(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'))) expect(on.dumped).toBe(true);
    expect(on.child).not.toBe('0');
  });

  it('F76: says so when it could not be done', async () => {
    const before = readFileSync('/proc/self/limits', 'utf8');
    const result = await disableCoreDumps('/nonexistent/prlimit');
    const isOff = /^Max core file size +0 +0 /m.test(before);
    expect(result.disabled).toBe(isOff);
    if (!isOff) expect(result.detail).toContain('could not be switched off');
  });
});
