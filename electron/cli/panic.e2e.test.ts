import { readdirSync, readFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = `version: 1
rules:
  - { id: commands, effect: allow, tools: [bash] }
  - { id: touch-asks, effect: ask, tools: [bash], commands: ['touch*'] }
`;

interface Answer {
  readonly content: readonly { readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
}

/** Whether a process of this machine, in whatever sandbox, was started with exactly this word. */
function isAlive(word: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .some((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.endsWith('sleep') === true && words[1] === word;
      } catch {
        return false;
      }
    });
}

let host: HeadlessHost;
beforeEach(async () => {
  host = await startHeadlessHost({ policy });
});
afterEach(async () => await host.stop());

it(
  'panic kills a running command and a job, ends what waits, refuses calls over a restart, until it is released',
  { timeout: 120_000 },
  async () => {
    const folder = host.workspace();
    const { token } = await host.mint('worker', 'bash:exec', folder);
    const client = await host.connect(token);
    const bash = async (command: string, more: Record<string, unknown> = {}): Promise<Answer> =>
      (await client.callTool({ name: 'bash', arguments: { command, ...more } }, { timeout: 100_000 })) as Answer;
    // Each run has its own numbers: nothing else on this machine sleeps that long.
    const [running, job] = [`1000.${randomInt(1e9).toString()}`, `2000.${randomInt(1e9).toString()}`];
    expect((await bash(`sleep ${job}`, { background: true })).isError).not.toBe(true);
    const runs = bash(`sleep ${running}`, { timeout_s: 90 });
    const waits = bash('touch canary');
    await host.pending();
    // The positive control: both are there.
    await expect.poll(() => [isAlive(running), isAlive(job)], { timeout: 20_000 }).toEqual([true, true]);

    const stopped = await host.command<{ since: string }>('panic');
    expect(stopped).toMatchObject({ calls: 1, jobs: 1, requests: 1 });
    await expect.poll(() => [isAlive(running), isAlive(job)], { timeout: 10_000 }).toEqual([false, false]);
    expect(await runs).toMatchObject({ isError: true });
    expect(await waits).toMatchObject({ isError: true, structuredContent: { outcome: 'cancelled' } });
    expect(await bash('echo hello')).toMatchObject({ isError: true, structuredContent: { outcome: 'denied', rule: 'builtin:panic' } });
    expect((await host.command<{ since: string }>('panic')).since).toBe(stopped.since);

    await host.kill('SIGKILL');
    const again = await startHeadlessHost({ dataDir: host.dataDir });
    try {
      const later = await again.connect(token);
      const say = async (): Promise<unknown> => await later.callTool({ name: 'bash', arguments: { command: 'echo hello' } });
      expect(await say()).toMatchObject({ isError: true, structuredContent: { rule: 'builtin:panic' } });
      expect(await again.command('panic', 'release')).toEqual({ since: expect.any(String) as string });
      expect(JSON.stringify(await say())).toContain('hello');
      expect((await again.run('panic', 'release')).code).toBe(1);
      expect((await again.run('panic', 'stop')).code).toBe(2);
      expect(await again.command('audit', 'verify')).toMatchObject({ ok: true });
      const { stdout } = await again.run('audit', 'export');
      for (const type of ['panic.triggered', 'panic.released', 'job.finished']) expect(stdout).toContain(type);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      await again.stop();
    }
  },
);
