import { readFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

/** Asks about every command, allows reading; what an ordinary start would say of these calls must not matter to this test. */
const policy = `version: 1
rules:
  - { id: reads, effect: allow, tools: [file_read, file_list, file_search] }
  - { id: commands-ask, effect: ask, reason: Commands ask in this test., tools: [bash] }
  - { id: no-push, effect: deny, reason: Pushing is not for agents., tools: [bash], commands: ['git push*'] }
`;

interface Result {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
}

const textOf = (result: unknown): string => (result as Result).content.map((part) => part.text ?? '').join('');

describe('the headless host, through the command line and the official client', () => {
  let host: HeadlessHost;
  let workspace: string;
  let token: string;

  beforeAll(async () => {
    host = await startHeadlessHost({ policy });
    workspace = host.workspace({ 'notes.txt': 'first line\nsecond line\n' });
    ({ token } = await host.mint('e2e agent', 'file:read,file:write,bash:exec', workspace));
  });

  afterAll(async () => {
    await host.stop();
  });

  it('prints its ready line', () => {
    expect(host.ready).toMatchObject({
      ready: true,
      mcp_url: `http://127.0.0.1:${String(host.port)}/mcp`,
      metrics_url: null,
      data_dir: host.dataDir,
      sandbox: { mode: 'auto', effective: 'bubblewrap' },
    });
    expect(host.ready['operator_socket']).toEqual(expect.any(String));
  });

  it('F74, F78: keeps the data directory to the operator', () => {
    expect(statSync(host.dataDir).mode & 0o777).toBe(0o700);
    for (const name of ['gatehouse.db', 'gatehouse.db-wal', 'gatehouse.db-shm', 'lock.db', 'policy.yaml']) {
      const path = join(host.dataDir, name);
      if (existsSync(path)) expect(statSync(path).mode & 0o777, name).toBe(0o600);
    }
    expect(statSync(String(host.ready['operator_socket'])).mode & 0o777).toBe(0o600);
  });

  it.each(['2025', '2026'] as const)('an allowed call of a %s client runs at once', async (mode) => {
    const client = await host.connect(token, mode);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'bash',
      'file_edit',
      'file_list',
      'file_operations',
      'file_read',
      'file_search',
      'file_write',
      'job_list',
      'job_output',
      'job_stop',
    ]);
    expect(textOf(await client.callTool({ name: 'file_read', arguments: { path: 'notes.txt' } }))).toContain('second line');
  });

  it.each(['2025', '2026'] as const)(
    'a call of a %s client waits, is approved on the command line, and runs once in bubblewrap',
    async (mode) => {
      const client = await host.connect(token, mode);
      const progress: string[] = [];
      const reply = client.callTool(
        {
          name: 'bash',
          arguments: { command: `echo ran >> canary-${mode}.txt; hostname; ls -A /root /home 2>/dev/null | wc -l; cat notes.txt` },
        },
        { onprogress: ({ message }) => progress.push(message ?? '') },
      );
      const [approval] = await host.pending();
      if (approval === undefined) throw new Error('Nothing is pending.');
      expect(approval).toMatchObject({
        agent: 'e2e agent',
        tool: 'bash',
        rule: 'commands-ask',
        state: 'pending',
        workspace,
        risk: 'high',
        agent_connected: true,
        decision: null,
      });
      expect(existsSync(join(workspace, `canary-${mode}.txt`))).toBe(false);
      expect((await host.run('approvals', 'approve', approval.id, '--digest', 'f'.repeat(64))).code).toBe(1);
      const approved = await host.approve(approval);
      expect(JSON.parse(approved.stdout)).toMatchObject({ id: approval.id, digest: approval.digest });
      const text = textOf(await reply);
      expect(text).toContain('second line');
      expect(text).not.toContain(process.env['HOSTNAME'] ?? 'no host name');
      expect(readFileSync(join(workspace, `canary-${mode}.txt`), 'utf8')).toBe('ran\n');
      expect(progress.length).toBeGreaterThan(0);
      const again = await host.approve(approval);
      expect(again.code).toBe(1);
      expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'conflict' } });
    },
  );

  it('a denied call does nothing and says why, what rule, and what next', async () => {
    const client = await host.connect(token);
    const reply = client.callTool({ name: 'bash', arguments: { command: 'touch denied.txt' } });
    const [approval] = await host.pending();
    await host.command('approvals', 'deny', approval?.id ?? '', '--reason', 'Not today.');
    const result = (await reply) as Result;
    expect(result).toMatchObject({ isError: true, structuredContent: { outcome: 'denied', rule: 'commands-ask' } });
    expect(textOf(result)).toContain('Not today.');
    expect(existsSync(join(workspace, 'denied.txt'))).toBe(false);
  });

  it('F38: a call that policy denies is never asked about', async () => {
    const client = await host.connect(token);
    const result = (await client.callTool({ name: 'bash', arguments: { command: 'true && git push origin main' } })) as Result;
    expect(result).toMatchObject({ isError: true, structuredContent: { outcome: 'denied', rule: 'no-push' } });
    await host.pending(0);
  });

  it('F32: an unknown tool is JSON-RPC −32602', async () => {
    const client = await host.connect(token);
    await expect(client.callTool({ name: 'constructor', arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  it('under 2026-07-28 a client that goes away cancels its request; under 2025 it stays pending, shown as not connected', async () => {
    const modern = await host.connect(token, '2026');
    const one = modern.callTool({ name: 'bash', arguments: { command: 'touch modern.txt' } }).catch(() => 'gone');
    const [first] = await host.pending();
    await modern.close();
    await one;
    await host.pending(0);
    expect(await host.command('approvals', 'show', first?.id ?? '')).toMatchObject({ state: 'cancelled' });

    const legacy = await host.connect(token, '2025');
    const two = legacy.callTool({ name: 'bash', arguments: { command: 'touch legacy.txt' } }).catch(() => 'gone');
    const [second] = await host.pending();
    await legacy.close();
    await two;
    await expect.poll(async () => (await host.pending())[0]?.agent_connected, { timeout: 20_000 }).toBe(false);
    await host.command('approvals', 'deny', second?.id ?? '', '--reason', 'Nobody waits.');
    expect(existsSync(join(workspace, 'modern.txt')) || existsSync(join(workspace, 'legacy.txt'))).toBe(false);
  });

  it('F22: revoking a token ends its streams and its requests', async () => {
    const other = await host.mint('short-lived', 'bash:exec', workspace);
    const client = await host.connect(other.token, '2025');
    const reply = client.callTool({ name: 'bash', arguments: { command: 'touch revoked.txt' } }).catch((error: unknown) => error);
    await host.pending();
    await host.command('token', 'revoke', other.id);
    expect(await reply).toBeInstanceOf(Error);
    await host.pending(0);
    await expect(host.connect(other.token)).rejects.toThrow();
    expect(existsSync(join(workspace, 'revoked.txt'))).toBe(false);
  });

  it('F90: the log verifies, here and as an export', async () => {
    expect(await host.command('audit', 'verify')).toMatchObject({ ok: true, problems: [] });
    const { stdout } = await host.run('audit', 'export');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; body: string });
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1));
    const types = new Set(rows.map(({ body }) => (JSON.parse(body) as { type: string }).type));
    for (const type of [
      'gateway.started',
      'token.minted',
      'token.revoked',
      'approval.requested',
      'approval.approved',
      'approval.denied',
      'approval.cancelled',
      'execution.started',
      'execution.finished',
      'call.denied',
    ])
      expect(types, type).toContain(type);
    expect(stdout).not.toContain(token);
  });

  it('F38: policy explain says which rule would decide, and runs nothing', async () => {
    const explained = await host.command('policy', 'explain', '--tool', 'bash', '--args', JSON.stringify({ command: 'git push' }));
    expect(explained).toMatchObject({ verdict: { effect: 'deny', rule: 'no-push' } });
    expect(await host.command('policy', 'explain', '--tool', 'nothing', '--args', '{}')).toMatchObject({ verdict: { effect: 'deny' } });
  });

  it('a second host on the same data directory refuses', async () => {
    await expect(startHeadlessHost({ dataDir: host.dataDir })).rejects.toThrow(/conflict|another|running/i);
  });
});
