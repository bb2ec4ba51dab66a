import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = 'version: 1\nrules:\n  - id: all\n    effect: allow\n    tools: ["*"]\n';
/** Each ends by a limit of the shipped profile's, or by its time. */
const floods: readonly (readonly [string, string, Record<string, unknown>])[] = [
  ['processes', 'f() { f | f & }; f; sleep 30', { timeout_s: 4 }],
  ['memory', 'for i in 1 2 3 4; do perl -e \'$x = "x" x (3 * 2**30); sleep 30\' & done; wait', { timeout_s: 4 }],
  ['the disk', 'for n in $(seq 64); do head -c 512M /dev/zero > full$n; done', { timeout_s: 1 }],
  ['/tmp', 'head -c 4G /dev/zero > /tmp/full', { timeout_s: 4 }],
  ['output', 'yes "$(head -c 4000 /dev/zero | tr "\\0" y)"', { timeout_s: 4 }],
  ['output in a terminal', 'yes', { timeout_s: 4, tty: true }],
];

describe('the gateway under floods', () => {
  let host: HeadlessHost;
  let flooding: Client;
  let reading: Client;
  beforeAll(async () => {
    host = await startHeadlessHost({ policy });
    const workspaces = [host.workspace({ seed: 'x' }), host.workspace({ text: 'still here' })] as const;
    const [one, other] = [
      await host.mint('flooder', 'file:read,file:write,bash:exec', workspaces[0]),
      await host.mint('reader', 'file:read', workspaces[1]),
    ];
    flooding = await host.connect(one.token);
    reading = await host.connect(other.token);
  });
  afterAll(async () => host.stop());

  const text = (result: unknown): string => JSON.stringify(result);

  it.each(floods)('F59: a flood of %s leaves other agents served within a second', { timeout: 60_000 }, async (_title, command, more) => {
    const state = { isOver: false };
    const flood = flooding
      .callTool({ name: 'bash', arguments: { command, ...more } }, { timeout: 55_000 })
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
    expect(text(await flood)).not.toContain('no working sandbox');
    // What comes next is not held back by it.
    expect(text(await flooding.callTool({ name: 'bash', arguments: { command: 'rm -f full*; echo fine' } }))).toContain('fine');
  });
});
