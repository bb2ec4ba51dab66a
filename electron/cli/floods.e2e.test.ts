import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = 'version: 1\nrules:\n  - id: all\n    effect: allow\n    tools: ["*"]\n';
/** In the place of the shipped profile: limits that a flood reaches long before its time is over. */
const profile = `name: default
description: For floods.
workspace: write
limits: { memory_mb: 512, processes: 128, file_mb: 128, disk_mb: 384, tmpfs_mb: 32 }
`;

interface Flood {
  readonly of: string;
  readonly command: string;
  readonly more?: Readonly<Record<string, unknown>>;
  /** What the answer says of its end: the limit, by name. */
  readonly text: RegExp;
}

const seconds = 40;
const floods: readonly Flood[] = [
  {
    of: 'processes',
    command: `f() { f | f & }; f; sleep ${seconds}`,
    text: /killed: it used more than 128 processes and threads.*`processes`/,
  },
  {
    of: 'memory',
    command: `for i in 1 2 3 4; do perl -e '$x = "x" x (200 * 2**20); sleep ${seconds}' & done; wait`,
    text: /killed: it used more than 512 MiB of memory.*`memory_mb`/,
  },
  {
    of: 'the disk',
    command: `for n in $(seq 64); do head -c 64M /dev/zero > full$n; done; sleep ${seconds}`,
    text: /killed: it used more than 384 MiB of disk.*`disk_mb`/,
  },
  {
    of: 'one file',
    command: 'head -c 4G /dev/zero > full; echo "ended with $?"; stat -c %s full; rm full',
    // What the kernel sends at the limit is SIGXFSZ, 25.
    text: /ended with 153\n134217728$/,
  },
  {
    of: '/tmp',
    command: 'head -c 4G /dev/zero > /tmp/full; stat -c %s /tmp/full',
    text: /No space left on device\n33554432$/,
  },
  {
    of: 'output',
    command: 'yes "$(head -c 4000 /dev/zero | tr "\\0" y)"',
    more: { timeout_s: 4 },
    text: /output cut: \d{7,} bytes in all[^]*killed after its time limit of 4 s/,
  },
  {
    of: 'output in a terminal',
    command: 'yes',
    more: { timeout_s: 4, tty: true },
    text: /output cut: \d{7,} bytes in all[^]*killed after its time limit of 4 s/,
  },
];

interface Answer {
  readonly content: readonly { readonly text?: string }[];
}

describe('the gateway under floods', () => {
  let folder: string;
  let host: HeadlessHost;
  let flooding: Client;
  let reading: Client;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-floods-'));
    mkdirSync(join(folder, 'sandbox'), { mode: 0o700 });
    writeFileSync(join(folder, 'sandbox/default.yaml'), profile, { mode: 0o600 });
    host = await startHeadlessHost({ policy, dataDir: folder });
    const workspaces = [host.workspace({ seed: 'x' }), host.workspace({ text: 'still here' })] as const;
    const [one, other] = [
      await host.mint('flooder', 'file:read,file:write,bash:exec', workspaces[0]),
      await host.mint('reader', 'file:read', workspaces[1]),
    ];
    flooding = await host.connect(one.token);
    reading = await host.connect(other.token);
  });
  afterAll(async () => {
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const text = (result: unknown): string => (result as Answer).content.map((part) => part.text ?? '').join('');

  it.each(floods)(
    'F59: a flood of $of ends by its limit, and leaves other agents served within a second',
    { timeout: 90_000 },
    async (one) => {
      const { command, more = { timeout_s: seconds } } = one;
      const state = { isOver: false };
      const flood = flooding
        .callTool({ name: 'bash', arguments: { command, ...more } }, { timeout: 80_000 })
        .finally(() => (state.isOver = true));
      const times: number[] = [];
      while (!state.isOver) {
        const began = performance.now();
        const answer = await reading.callTool({ name: 'file_read', arguments: { path: 'text' } });
        times.push(performance.now() - began);
        expect(text(answer)).toContain('still here');
        await sleep(20);
      }
      times.sort((one, other) => one - other);
      // Milliseconds.
      expect(times[Math.floor(times.length * 0.95)] ?? Infinity).toBeLessThan(1000);
      // A bomb is over soon.
      expect(times.length).toBeGreaterThan(1);
      // The oracle: what ended it, by name. A flood that is not held back at all would end by its time, or not.
      const answer = await flood;
      expect(text(answer)).toMatch(one.text);
      // What comes next is not held back by it.
      expect(text(await flooding.callTool({ name: 'bash', arguments: { command: 'rm -f full*; echo fine' } }))).toContain('fine');
    },
  );
});
