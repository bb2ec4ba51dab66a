import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { terminalEventTypes, type AuditBody } from '../../shared/domain/audit.ts';
import { freePort } from '../testing/free-port.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = `version: 1
rules:
  - { id: runs, effect: allow, tools: ['*'] }
  - { id: asks, effect: ask, tools: [bash], commands: ['touch *'] }
`;
/** In milliseconds. The promise is a second; a busy machine takes some more to reap what was killed and to list it. */
const soon = 5000;

let dataDir: string;
let workspace: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-killed-'));
  workspace = mkdtempSync(join(tmpdir(), 'gatehouse-killed-workspace-'));
});
afterEach(() => {
  execFileSync('/bin/chmod', ['-R', 'u+rwX', dataDir]);
  for (const folder of [dataDir, workspace]) rmSync(folder, { recursive: true, force: true });
});

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** The oracle: processes that have the word among theirs, and those that have something of ours mounted. What is dead and not yet reaped has neither. */
const remaining = (word: string): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    return read(`/proc/${pid}/cmdline`).includes(word) || read(`/proc/${pid}/mountinfo`).includes(dataDir);
  });

const exported = async (host: HeadlessHost): Promise<readonly AuditBody[]> =>
  (await host.run('audit', 'export')).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse((JSON.parse(line) as { body: string }).body) as AuditBody);

it('F59, F83: kill -9 of the gateway ends a job, a command and what left their sessions; the next start says truthfully what became of the calls', async () => {
  const word = `killed-${randomBytes(6).toString('hex')}`;
  // Deaf to what is polite, out of their session twice over, and busy.
  const deaf = (name: string): string => `trap "" HUP TERM INT; : ${word}-${name}; while :; do sleep 0.05; done`;
  const crowd = (name: string): string => `setsid setsid sh -c '${deaf(`${name}-left`)}' & echo begun; ${deaf(`${name}-stayed`)}`;
  const names = ['job-left', 'job-stayed', 'call-left', 'call-stayed', 'terminal-left', 'terminal-stayed'];
  const seen = (name: string): readonly string[] =>
    remaining(`${word}-${name}`).filter((pid) => !read(`/proc/${pid}/cmdline`).includes('bwrap'));

  const port = await freePort();
  const host = await startHeadlessHost({ dataDir, port, policy });
  const { token } = await host.mint('killed', 'bash:exec', workspace);
  const client = await host.connect(token);
  const bash = async (command: string, more: Record<string, unknown> = {}): Promise<string> =>
    JSON.stringify(await client.callTool({ name: 'bash', arguments: { command, ...more } }, { timeout: 110_000 }));
  const job = /job_[a-z0-9]{12}/.exec(await bash(crowd('job'), { background: true }))?.[0];
  expect(job).toBeDefined();
  const cut = [bash(crowd('call'), { timeout_s: 100 }), bash(crowd('terminal'), { timeout_s: 100, tty: true }), bash('touch never')].map(
    async (call) => call.catch(() => 'cut off'),
  );
  await host.pending();

  // Positive control: all of it runs, and goes on running while the gateway lives.
  await expect.poll(() => names.filter((name) => seen(name).length > 0), { timeout: 30_000, interval: 100 }).toEqual(names);
  await sleep(1500);
  expect(names.filter((name) => seen(name).length === 0)).toEqual([]);
  expect(remaining('nothing has this word').length).toBeGreaterThan(0);

  await host.kill('SIGKILL');
  await expect.poll(() => remaining(word), { timeout: soon, interval: 50 }).toEqual([]);
  // What has been on its way would be there by now.
  await sleep(500);
  expect(remaining(word)).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(dataDir);
  await client.close().catch(() => undefined);
  await Promise.all(cut);
  await host.stop();

  const next = await startHeadlessHost({ dataDir, port, policy });
  try {
    expect(remaining(word)).toEqual([]);
    expect(await next.command('approvals', 'list')).toEqual({ approvals: [] });
    expect(await next.command('audit', 'verify')).toMatchObject({ ok: true, problems: [] });
    const events = await exported(next);
    expect(outcomes(events)).toEqual({
      'job-stayed': 'succeeded',
      'call-stayed': 'unknown_outcome',
      'terminal-stayed': 'unknown_outcome',
      waiting: 'not_executed',
    });
    // Nobody claims to know how the job ended.
    expect(events.filter(({ type }) => type === 'job.started').map(({ data }) => data['job_id'])).toEqual([job]);
    expect(events.filter(({ type }) => type === 'job.finished')).toEqual([]);
    expect(existsSync(join(workspace, 'never'))).toBe(false);
    const again: Client = await next.connect(token);
    expect(JSON.stringify(await again.callTool({ name: 'job_list', arguments: {} }))).not.toContain(job);
    expect(JSON.stringify(await again.callTool({ name: 'bash', arguments: { command: 'echo fine' } }))).toContain('fine');
  } finally {
    await next.stop();
  }

  /** How each call ended, by what stands in its command. Each has ended exactly once. */
  function outcomes(events: readonly AuditBody[]): Record<string, unknown> {
    const commands = new Map<string, string>();
    for (const { call_id, data } of events) {
      const command = (data['arguments'] as { command?: string } | undefined)?.command;
      if (call_id === null || command === undefined) continue;
      commands.set(call_id, names.find((one) => one.endsWith('stayed') && command.includes(`${word}-${one}`)) ?? command);
    }
    const ends = events.filter(({ type }) => (terminalEventTypes as readonly string[]).includes(type));
    expect(new Set(ends.map(({ call_id }) => call_id)).size).toBe(ends.length);
    expect(ends).toHaveLength(4);
    // The log names the command of a call when it begins to run.
    const named = ends.map(({ call_id, data }): [string, unknown] => [commands.get(call_id ?? '') ?? 'waiting', data['outcome']]);
    return Object.fromEntries(named);
  }
});
