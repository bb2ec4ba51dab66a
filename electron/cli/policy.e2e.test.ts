import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';
import { createHost, type Host } from './host.ts';

const policy = `version: 1
rules:
  # What only reads.
  - { id: reads, effect: allow, tools: [file_read] }
  - { id: short, effect: ask, tools: [file_read], arguments: { limit: { max: 1 } } }
`;

let host: HeadlessHost;
let operator: Host;
let file: string;

beforeAll(async () => {
  host = await startHeadlessHost({ policy });
  operator = createHost(String(host.ready['operator_socket']));
  file = join(host.dataDir, 'policy.yaml');
}, 60_000);
afterAll(async () => host.stop());

it('F38, F39: a real call is judged by its arguments, replayed under another policy with and without a host, and a saved policy decides at once', async () => {
  const { token } = await host.mint('reader', 'file:read', host.workspace({ 'a.txt': 'one\ntwo\n' }));
  const client = await host.connect(token);
  const read = async (limit: number) =>
    (await client.callTool({ name: 'file_read', arguments: { path: 'a.txt', limit } })).isError ?? false;
  expect(await read(2)).toBe(false);
  const waiting = read(1);
  for (const approval of await host.pending(1)) expect((await host.approve(approval)).code).toBe(0);
  expect(await waiting).toBe(false);

  const other = join(host.workspace(), 'other.yaml');
  writeFileSync(other, policy.replace('max: 1', 'max: 2'));
  const replayed = await host.command('policy', 'replay', other);
  expect(replayed).toMatchObject({
    calls: 2,
    worked_out: 0,
    stricter: 1,
    looser: 0,
    changed: [{ tool: 'file_read', after: { rule: 'short' } }],
  });

  const before = await operator.invoke('policy.get', {});
  const saved = await operator.invoke('policy.append_rule', {
    rule: { id: 'no-more', effect: 'deny', tools: ['file_read'] },
    expected_version: before.file_version,
  });
  expect(saved).toMatchObject({ ok: true, before: before.status.version });
  expect(saved.text).toContain('# What only reads.');
  expect(await read(2)).toBe(true);
  await expect(operator.invoke('policy.save', { text: policy, expected_version: before.file_version })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(await operator.invoke('policy.save', { text: 'version: 2', expected_version: saved.version })).toMatchObject({
    ok: false,
    problems: [{ line: 1 }, expect.anything()],
  });
  const { events } = await operator.invoke('audit.list', { types: ['policy.saved'] });
  expect(events).toMatchObject([
    { actor: 'operator', data: { before: before.status.version, after: saved.version, channel: 'command-line', rule: 'no-more' } },
  ]);

  const garden = { rules: [{ id: 'reads', finding: 'shadowed' }, { id: 'short' }, { id: 'no-more', decided: 3, finding: null }], calls: 3 };
  expect(await host.command('policy', 'garden')).toMatchObject(garden);
  await host.kill('SIGTERM');
  expect(await host.command('policy', 'replay', other)).toMatchObject({ calls: 3, stricter: 1, looser: 1 });
  expect(await host.command('policy', 'garden', file)).toMatchObject(garden);
}, 120_000);
