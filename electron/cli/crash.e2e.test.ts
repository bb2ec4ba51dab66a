import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { expect, it } from 'vitest';
import { terminalEventTypes, type AuditBody } from '../../shared/domain/audit.ts';
import { freePort } from '../testing/free-port.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

const policy = `version: 1
rules:
  - { id: runs, effect: allow, tools: [bash] }
  - { id: asks, effect: ask, tools: [bash], commands: ['touch *'] }
`;

const rounds = 8;
const callsPerRound = 25;

/** Calls that the agent was told have run, over all rounds. */
type Acknowledged = Set<string>;

it('F83, F90: kill -9 at random moments during 200 calls: the chain verifies, what was acknowledged is recorded, nothing runs twice, nothing pending runs', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-crash-'));
  const workspace = mkdtempSync(join(tmpdir(), 'gatehouse-crash-workspace-'));
  const port = await freePort();
  const acknowledged: Acknowledged = new Set();
  let token: string | null = null;
  let sent = 0;

  for (let round = 0; round < rounds; round += 1) {
    const host = await startHeadlessHost({ dataDir, port, policy });
    token ??= (await host.mint('crasher', 'bash:exec', workspace)).token;
    expect(await host.command('approvals', 'list')).toEqual({ approvals: [] });
    const client = await host.connect(token, round % 2 === 0 ? '2025' : '2026');
    const killed = killInTheMiddle(host, acknowledged, Math.floor(Math.random() * 14));
    const name = (i: number): string => `${String(round)}-${String(i)}`;
    const calls = Array.from({ length: callsPerRound }, async (_, i) => await callOnce(host, client, name(i), i % 5 === 4, acknowledged));
    sent += calls.length;
    await Promise.all([killed, Promise.allSettled(calls)]);
    await host.stop();
  }

  const host = await startHeadlessHost({ dataDir, port, policy });
  try {
    expect(sent).toBe(rounds * callsPerRound);
    expect(await host.command('audit', 'verify')).toMatchObject({ ok: true, problems: [] });
    expect(await host.command('approvals', 'list')).toEqual({ approvals: [] });
    const events = await exported(host);
    expectOneEndEach(events);
    expectRecorded(events, acknowledged);
    expectNothingTwice(workspace);
    // The positive control: some calls did run, and some were cut off.
    expect(acknowledged.size).toBeGreaterThan(0);
    expect(acknowledged.size).toBeLessThan(sent);
  } finally {
    await host.stop();
    rmSync(dataDir, { recursive: true, force: true });
    rmSync(workspace, { recursive: true, force: true });
  }
}, 180_000);

/** Every fifth call asks and is never answered; the others run at once and leave one line in a file of their own. */
async function callOnce(host: HeadlessHost, client: Client, name: string, asks: boolean, acknowledged: Acknowledged): Promise<void> {
  const command = asks ? `touch pending-${name}` : `echo ${name} >> ran-${name}`;
  const reply = await Promise.race([client.callTool({ name: 'bash', arguments: { command } }), gone(host)]);
  if (reply !== null && reply.isError !== true) acknowledged.add(command);
}

/** Kills the host some milliseconds after that many more calls were acknowledged, so that each round is hit somewhere else. */
async function killInTheMiddle(host: HeadlessHost, acknowledged: Acknowledged, more: number): Promise<void> {
  const enough = acknowledged.size + more;
  for (let waited = 0; acknowledged.size < enough && waited < 20_000; waited += 5) await pause(5);
  await pause(Math.random() * 60);
  await host.kill('SIGKILL');
}

async function gone(host: HeadlessHost): Promise<null> {
  while (host.process.exitCode === null && host.process.signalCode === null) await pause(20);
  await pause(100);
  return null;
}

async function exported(host: HeadlessHost): Promise<AuditBody[]> {
  const { stdout } = await host.run('audit', 'export');
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse((JSON.parse(line) as { body: string }).body) as AuditBody);
}

function expectOneEndEach(events: readonly AuditBody[]): void {
  const ends = new Map<string, number>();
  for (const { call_id, type } of events) {
    if (call_id === null) continue;
    ends.set(call_id, (ends.get(call_id) ?? 0) + ((terminalEventTypes as readonly string[]).includes(type) ? 1 : 0));
  }
  expect([...ends].filter(([, count]) => count !== 1)).toEqual([]);
  expect(ends.size).toBeGreaterThan(0);
}

function expectRecorded(events: readonly AuditBody[], acknowledged: Acknowledged): void {
  const started = new Map(
    events
      .filter(({ type }) => type === 'execution.started')
      .map(({ call_id, data }) => [(data['arguments'] as { command: string }).command, call_id]),
  );
  const finished = new Set(
    events.filter(({ type, data }) => type === 'execution.finished' && data['outcome'] === 'succeeded').map(({ call_id }) => call_id),
  );
  for (const command of acknowledged) expect(finished, command).toContain(started.get(command) ?? 'no intent');
}

function expectNothingTwice(workspace: string): void {
  for (const name of readdirSync(workspace)) {
    expect(name.startsWith('pending-'), name).toBe(false);
    expect(readFileSync(join(workspace, name), 'utf8').split('\n').length, name).toBeLessThanOrEqual(2);
  }
}
