import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WireResult } from '../../shared/contract/contract.ts';
import { Settings } from '../../shared/domain/settings.ts';
import { createChangeBus, type ChangeBus } from '../core/change-bus.ts';
import { createLiveOutput } from '../core/live-output.ts';
import { createOperatorSocket, type OperatorSocket } from '../operator/socket.ts';
import type { Offline } from './offline.ts';
import { runCommand } from './run-command.ts';
import { approval, approvalId, broken, digest, minted, tokenId, whole } from '../testing/command-answers.ts';
import { verbs } from './verbs.ts';
import type { World } from './world.ts';

describe('the gatehouse command', () => {
  let dataDir: string;
  let asked: [unknown, unknown][];
  let answers: Record<string, unknown>;
  let bus: ChangeBus;
  let socket: OperatorSocket;
  let offline: Partial<Offline>;
  let opened: number;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
    [asked, answers, offline, opened, bus] = [[], {}, {}, 0, createChangeBus()];
    const dispatch = async (name: unknown, input: unknown): Promise<WireResult> => {
      asked.push([name, input]);
      const answer = answers[String(name)];
      return answer instanceof Error
        ? { ok: false, error: { code: answer.name, message: answer.message } }
        : { ok: true, value: answer ?? {} };
    };
    socket = createOperatorSocket({ path: join(dataDir, 'operator.sock'), dispatcher: { dispatch }, bus, live: createLiveOutput() });
    await socket.start();
  });
  afterEach(async () => {
    await socket.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = async (args: readonly string[], overrides: Partial<World> = {}) => {
    const result = { stdout: '', stderr: '' };
    const world: World = {
      env: { GATEHOUSE_DATA_DIR: dataDir },
      home: '/nowhere',
      cwd: dataDir,
      version: '9.9.9',
      stdin: new PassThrough(),
      stdoutStream: new PassThrough(),
      stdout: (text) => (result.stdout += text),
      stderr: (text) => (result.stderr += text),
      signal: new AbortController().signal,
      rendererDir: '',
      resourcesDir: '',
      createHost: () => Promise.reject(new Error('not in this test')),
      openOffline: async () => {
        opened += 1;
        return { close: async () => undefined, ...offline } as Offline;
      },
      ...overrides,
    };
    const code = await runCommand(args, verbs, world);
    return { code, ...result };
  };
  const json = async (...args: string[]) => {
    const { code, stdout } = await run([...args, '--json']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    return { code, document: JSON.parse(stdout) as unknown };
  };

  describe('changes', () => {
    const id = `chg_${'e'.repeat(20)}`;
    const entry = (path: string, state: string) => ({
      workspace: '/srv',
      path,
      from: null,
      kind: 'modified',
      before: { type: 'file', mode: 420, size: 4, sha256: digest },
      after: { type: 'file', mode: 420, size: 4, sha256: digest },
      state,
      rule: 'builtin:hooks',
      reason: 'Git runs it.',
      is_text: true,
      lines: { added: 1, removed: 1 },
    });
    const set = {
      id,
      digest,
      call_id: `call_${'c'.repeat(20)}`,
      task_id: `task_${'d'.repeat(16)}`,
      agent: 'robot',
      tool: 'bash',
      summary: 'echo \u001b[2J',
      workspace: '/srv',
      state: 'held',
      entries: [entry('/srv/a\n+forged', 'held')],
      undoable: true,
      created_at: '2026-11-23T12:00:00.000Z',
      decided_at: null,
    };

    it('are listed and shown with their differences, and nothing in them drives the terminal or forges a line', async () => {
      answers['changes.list'] = { changes: [set] };
      answers['changes.get'] = set;
      const sides = { before: 'old\nsame\n', after: 'new\u001b[31m\nsame\n', current: null, truncated: false, is_text: true };
      answers['changes.diff'] = { path: '/srv/a\n+forged', ...sides };
      for (const args of [
        ['changes', 'list'],
        ['changes', 'show', id],
      ]) {
        const { code, stdout } = await run(args);
        expect([code, stdout.includes('\u001b'), stdout.includes(digest)]).toEqual([0, false, true]);
        expect(stdout.split('\n').filter((line) => line.startsWith('+forged'))).toEqual([]);
      }
      const { stdout } = await run(['changes', 'show', id]);
      expect(stdout).toMatch(/^-old$/m);
      expect(stdout).toMatch(/^\+new/m);
      expect((await json('changes', 'show', id)).document).toMatchObject({ id, diffs: [{ before: 'old\nsame\n' }] });
    });

    it('are applied, dropped and undone, with the digest that was shown', async () => {
      Object.assign(answers, { 'changes.accept': set, 'changes.drop': set });
      answers['changes.undo'] = { change_set: set, refused: [{ path: '/srv/a', reason: 'It changed since.' }] };
      expect((await run(['changes', 'apply', id])).code).toBe(2);
      expect((await run(['changes', 'undo', 'x'])).code).toBe(2);
      await run(['changes', 'apply', id, '/srv/a', '--digest', digest, '/srv/b']);
      await run(['changes', 'drop', id, '--digest', digest]);
      expect((await run(['changes', 'undo', id])).code).toBe(1);
      expect(asked).toEqual([
        ['changes.accept', { id, digest, paths: ['/srv/a', '/srv/b'] }],
        ['changes.drop', { id, digest }],
        ['changes.undo', { id }],
      ]);
    });
  });

  describe('F51: decisions that count for longer', () => {
    const grantId = `gnt_${'f'.repeat(16)}`;
    const hash = 'e'.repeat(64);
    const rule = { id: 'allow-bash-1', effect: 'allow', tools: ['bash'], reason: 'Let robot run npm test.' };
    const offer = (extra = {}) => ({
      effect: 'allow',
      breadth: 'similar',
      sentence: 'Let robot run \u001b[2Jnpm test.',
      rule,
      durations: ['once', 'task', '15m', '1h', 'until-quit', 'always'],
      hash,
      diff: '--- policy.yaml\n+++ policy.yaml\n@@ -1 +1,2 @@\n rules:\n+  - id: allow-bash-1\n',
      policy_version: 'x',
      ...extra,
    });
    const grant = {
      id: grantId,
      effect: 'allow',
      sentence: 'Let robot run \u001b[2Jnpm test.',
      rule,
      call_digest: null,
      duration: '15m',
      token_id: tokenId,
      task_id: null,
      approval_id: approvalId,
      channel: 'socket',
      created_at: '2026-11-23T12:00:00.000Z',
      expires_at: '2026-11-23T12:15:00.000Z',
      uses: 2,
      last_used_at: null,
    };
    const decided = (extra = {}) => ({ id: approvalId, state: 'approved', digest, grant: null, rule: null, ...extra });

    it('shows what a decision could become: the rule, for how long, its hash, and what always would write', async () => {
      answers['approvals.get'] = approval('pending');
      answers['approvals.offers'] = { offers: [offer()], until_quit_is: '1h', why: 'No session bus.' };
      const { stdout } = await run(['approvals', 'show', approvalId]);
      for (const part of [
        'Let robot run \\u{1b}[2Jnpm test.',
        'once, task, 15m, 1h, until-quit, always',
        hash,
        '    +  - id: allow-bash-1',
      ])
        expect(stdout).toContain(part);
      expect(stdout).toContain('until-quit is 1h here: No session bus.');
      expect((await json('approvals', 'show', approvalId)).document).toMatchObject({ id: approvalId, offers: [{ hash }] });
    });

    it('shows no ladder for what is decided once, and asks for none for what has ended', async () => {
      answers['approvals.get'] = approval('pending');
      answers['approvals.offers'] = { offers: [offer({ durations: ['once'], diff: null })], until_quit_is: 'until-quit', why: null };
      const { stdout } = await run(['approvals', 'show', approvalId]);
      expect(stdout).toMatch(/for +once\n/);
      expect(stdout).not.toContain('policy.yaml');
      asked.length = 0;
      answers['approvals.get'] = approval('denied');
      expect((await run(['approvals', 'show', approvalId])).code).toBe(0);
      expect(asked.map(([name]) => name)).toEqual(['approvals.get']);
    });

    it('gives a yes and a no for as long as is said, and says what goes on counting', async () => {
      answers['approvals.approve'] = decided({ grant });
      answers['approvals.deny'] = decided({ state: 'denied' });
      const args = ['approvals', 'approve', approvalId, '--digest', digest, '--grant', '15m', '--breadth', 'similar'];
      const { stdout } = await run(args);
      expect(stdout).toContain(`${grantId} counts on. Ends: 2026-11-23T12:15:00.000Z.`);
      await run(['approvals', 'deny', approvalId, '--reason', 'No.', '--grant', 'until-quit', '--confirm', hash]);
      expect(asked).toEqual([
        ['approvals.approve', { id: approvalId, digest, reason: '', duration: '15m', breadth: 'similar' }],
        ['approvals.deny', { id: approvalId, reason: 'No.', duration: 'until-quit', breadth: 'exact', hash }],
      ]);
    });

    it('writes a rule only with the hash of what was shown', async () => {
      answers['approvals.approve'] = decided({ rule: 'allow-bash-1' });
      const args = ['approvals', 'approve', approvalId, '--digest', digest, '--grant', 'always'];
      const without = await run(args);
      expect(without.code).toBe(2);
      expect(without.stderr).toContain('--confirm HASH');
      expect(without.stderr).toContain('gatehouse approvals show');
      expect(asked).toEqual([]);
      expect((await run([...args, '--confirm', hash])).stdout).toContain('policy.yaml has the rule allow-bash-1.');
      expect(asked).toEqual([['approvals.approve', { id: approvalId, digest, reason: '', duration: 'always', breadth: 'exact', hash }]]);
    });

    it.each([
      ['an unknown duration', ['--grant', '2h']],
      ['an unknown breadth', ['--grant', '1h', '--breadth', 'wide']],
      ['a hash that is none', ['--grant', 'always', '--confirm', 'yes']],
      ['a hash for a decision that counts once', ['--confirm', hash]],
    ])('refuses %s before anything is asked', async (_what, extra) => {
      expect((await run(['approvals', 'approve', approvalId, '--digest', digest, ...extra])).code).toBe(2);
      expect(asked).toEqual([]);
    });

    it('lists and ends grants', async () => {
      Object.assign(answers, { 'grants.list': { grants: [grant] }, 'grants.revoke': grant });
      const { stdout } = await run(['grants', 'list']);
      for (const part of [grantId, '2026-11-23T12:15:00.000Z', '\\u{1b}[2Jnpm test.']) expect(stdout).toContain(part);
      expect((await run(['grants', 'revoke', grantId])).stdout).toBe(`${grantId}: ended after 2 uses.\n`);
      expect((await run(['grants', 'revoke', 'gnt_1'])).code).toBe(2);
      expect(asked).toEqual([
        ['grants.list', {}],
        ['grants.revoke', { id: grantId }],
      ]);
    });
  });

  it('mints with options anywhere and lists that repeat', async () => {
    answers['tokens.mint'] = minted;
    const args = [
      'token',
      '--json',
      'mint',
      '--workspace',
      'one',
      '--agent',
      'robot',
      '--scopes',
      'file:read, bash:exec',
      '--workspace=/two',
      '--ttl',
      '30d',
      '--target',
      'local',
    ];
    const result = await run(args);
    expect(JSON.parse(result.stdout)).toEqual(minted);
    expect(result.code).toBe(0);
    expect(asked).toEqual([
      [
        'tokens.mint',
        { agent: 'robot', scopes: ['file:read', 'bash:exec'], ttl: '30d', workspaces: [join(dataDir, 'one'), '/two'], targets: ['local'] },
      ],
    ]);
  });

  it.each([
    ['no such verb', ['frobnicate']],
    ['a verb of a group left out', ['token']],
    ['an unknown option', ['token', 'list', '--jsn']],
    ['an option of another verb', ['token', 'list', '--agent', 'x']],
    ['a word too many', ['token', 'list', 'x']],
    ['a word missing', ['token', 'revoke']],
    ['an id of another kind', ['token', 'revoke', approvalId]],
    ['a missing option', ['token', 'mint', '--agent', 'a', '--ttl', '1h']],
    ['two lifetimes', ['token', 'mint', '--agent', 'a', '--scopes', 'file:read', '--ttl', '1h', '--expiry', '2027-01-01']],
    ['an unknown scope', ['token', 'mint', '--agent', 'a', '--scopes', 'file:everything', '--ttl', '1h']],
    ['a missing value', ['approvals', 'approve', approvalId, '--digest']],
    ['a digest in capitals', ['approvals', 'approve', approvalId, '--digest', 'A'.repeat(64)]],
    ['no digest', ['approvals', 'approve', approvalId]],
    ['a grant that is not supported', ['approvals', 'approve', approvalId, '--digest', digest, '--grant', 'always']],
    ['no reason', ['approvals', 'deny', approvalId]],
    ['no object', ['policy', 'explain', '--tool', 'bash', '--args', '[]']],
    ['no JSON', ['policy', 'explain', '--tool', 'bash', '--args', '{bad']],
    ['a port out of range', ['serve', '--port', '70000']],
    ['no token file', ['mcp']],
    ['two modes', ['connect', 'codex', '--apply', '--undo']],
    ['no client', ['connect', 'emacs']],
  ])('calls %s wrong usage: exit 2, one document, and nothing sent', async (_what, args) => {
    const { code, document } = await json(...args);
    expect(code).toBe(2);
    expect(document).toMatchObject({ error: { code: 'invalid_input', message: expect.any(String) as string } });
    const plain = await run(args);
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).not.toBe('');
    expect(asked).toEqual([]);
  });

  it('passes on what the host refuses: exit 1 and its code', async () => {
    answers['approvals.approve'] = Object.assign(new Error('The digest is another one.'), { name: 'conflict' });
    expect(await json('approvals', 'approve', approvalId, '--digest', digest, '--grant', 'once')).toEqual({
      code: 1,
      document: { error: { code: 'conflict', message: 'The digest is another one.' } },
    });
  });

  it('decides by id and digest', async () => {
    const decided = (state: string) => ({ id: approvalId, state, digest, ...(state === 'expired' ? {} : { grant: null, rule: null }) });
    Object.assign(answers, {
      'approvals.approve': decided('approved'),
      'approvals.deny': decided('denied'),
      'approvals.pregrant': decided('expired'),
    });
    expect((await json('approvals', 'approve', approvalId, '--digest', digest)).document).toEqual(decided('approved'));
    expect((await json('approvals', 'deny', approvalId, '--reason', 'Not today.')).document).toEqual(decided('denied'));
    expect((await json('approvals', 'pregrant', approvalId, '--digest', digest)).code).toBe(0);
    expect(asked).toEqual([
      ['approvals.approve', { id: approvalId, digest, reason: '' }],
      ['approvals.deny', { id: approvalId, reason: 'Not today.' }],
      ['approvals.pregrant', { id: approvalId, digest }],
    ]);
  });

  it('shows what agents wrote without letting it drive the terminal', async () => {
    answers['approvals.list'] = { approvals: [approval('pending')] };
    answers['approvals.get'] = approval('pending');
    answers['approvals.offers'] = { offers: [], until_quit_is: 'until-quit', why: null };
    for (const args of [
      ['approvals', 'list'],
      ['approvals', 'show', approvalId],
    ]) {
      const { stdout } = await run(args);
      expect(stdout).toContain('\\u{1b}[2J\\u{202e}hidden');
      expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
      expect(stdout).toContain(digest);
    }
    expect((await json('approvals', 'list')).document).toEqual(answers['approvals.list']);
  });

  it('prints what is to be pasted as lines, whatever stands in it', async () => {
    answers['clients.plan'] = {
      kind: 'generic',
      title: 'Another MCP client',
      commands: [{ label: 'As many clients write it', command: '{\n  "a": "\u001b[2J"\n}' }],
      files: [],
      disables_own_tools: false,
      can_disable_own_tools: false,
      notes: [],
    };
    const { stdout } = await run(['connect', 'generic']);
    expect(stdout).toContain('As many clients write it:\n  {\n    "a": "\\u{1b}[2J"\n  }\n');
  });

  it('watches: what is pending, then what changes, a line each', async () => {
    const ending = new AbortController();
    answers['approvals.list'] = { approvals: [approval('pending'), approval('denied', { id: `apr_${'9'.repeat(16)}` })] };
    let seen = '';
    const watching = run(['approvals', 'watch', '--json'], { signal: ending.signal, stdout: (text) => (seen += text) });
    await vi.waitFor(() => expect(seen).toContain('"pending"'));
    answers['approvals.list'] = { approvals: [approval('approved')] };
    bus.changed('calls');
    bus.changed('approvals');
    await vi.waitFor(() => expect(seen).toContain('"approved"'));
    ending.abort();
    expect((await watching).code).toBe(0);
    expect(
      seen
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { state: string }).state),
    ).toEqual(['pending', 'approved']);
  });

  it('says so when the host goes while it watches', async () => {
    answers['approvals.list'] = { approvals: [] };
    const watching = run(['approvals', 'watch', '--json']);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    await socket.stop();
    const { code, stdout } = await watching;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'unavailable' } });
  });

  it('verifies, with an exit code that says so', async () => {
    answers['audit.verify'] = whole;
    expect(await json('audit', 'verify')).toEqual({ code: 0, document: whole });
    answers['audit.verify'] = broken;
    expect(await json('audit', 'verify')).toEqual({ code: 1, document: broken });
  });

  it('exports the stored rows, page by page, to stdout or to a new file of 0600', async () => {
    const rows = Array.from({ length: 1003 }, (_, at) => ({ seq: at + 1, body: `{"n":${at}}`, hash: digest }));
    answers['audit.rows'] = { rows: rows.slice(0, 1000) };
    const paged = run(['audit', 'export', '--json']);
    await vi.waitFor(() => expect(asked.filter(([name]) => name === 'audit.rows')).toHaveLength(1), { interval: 1 });
    answers['audit.rows'] = { rows: rows.slice(1000) };
    const { stdout, code } = await paged;
    expect(code).toBe(0);
    expect(stdout).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(asked.map(([, input]) => (input as { after_seq: number }).after_seq)).toEqual([0, 1000]);

    answers['audit.rows'] = { rows: rows.slice(0, 2) };
    const file = join(dataDir, 'export.jsonl');
    expect((await json('audit', 'export', '--out', 'export.jsonl', '--from', '2026-11-23')).document).toEqual({
      out: 'export.jsonl',
      rows: 2,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    expect(asked.at(-1)).toEqual(['audit.rows', { after_seq: 0, limit: 1000, from: '2026-11-23T00:00:00.000Z' }]);
    expect(await json('audit', 'export', '--out', 'export.jsonl')).toMatchObject({ code: 1, document: { error: { code: 'conflict' } } });
    expect(await json('audit', 'export', '--from', 'yesterday')).toMatchObject({ code: 1, document: { error: { code: 'invalid_input' } } });
  });

  it('checks an export without any host', async () => {
    await socket.stop();
    writeFileSync(join(dataDir, 'bad.jsonl'), `${JSON.stringify({ seq: 1, body: '{}', hash: digest })}\n`);
    const { code, document } = await json('audit', 'verify', '--file', 'bad.jsonl');
    expect(code).toBe(1);
    expect(document).toMatchObject({ ok: false });
    expect(await json('audit', 'verify', '--file', 'missing.jsonl')).toMatchObject({ code: 1, document: { error: { code: 'not_found' } } });
    expect(opened).toBe(0);
  });

  it('gets and sets settings, a value as JSON where it is JSON', async () => {
    answers['config.get'] = { settings: Settings.parse({}), held: null };
    expect((await json('config', 'get', 'server.port')).document).toEqual({ key: 'server.port', value: 9876 });
    expect((await json('config', 'get', 'server.nope')).code).toBe(1);
    answers['config.set'] = { key: 'server.port', before: 9876, after: 4000, restart: true };
    expect((await run(['config', 'set', 'server.port', '4000'])).stdout).toContain('next start');
    await json('config', 'set', 'x', 'plain text');
    expect(asked.filter(([name]) => name === 'config.set').map(([, input]) => input)).toEqual([
      { key: 'server.port', value: 4000 },
      { key: 'x', value: 'plain text' },
    ]);
  });

  it.each([
    ['token', 'list'],
    ['approvals', 'list'],
    ['approvals', 'watch'],
    ['config', 'get'],
    ['connect', 'codex'],
    ['audit', 'tail'],
    ['console'],
  ])('with the host stopped, %s %s says how to start it', async (...args) => {
    await socket.stop();
    const { code, document } = await json(...args);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      error: { code: 'unavailable', message: expect.stringContaining('not running: start it with') as string },
    });
    expect(opened).toBe(0);
  });

  it('with the host stopped, verify, search, export, check, explain and doctor read the data directory; with it running they ask it', async () => {
    answers['audit.verify'] = whole;
    await json('audit', 'verify');
    expect(opened).toBe(0);
    await socket.stop();
    offline = {
      verify: async () => broken as never,
      log: { auditEvents: async () => [], auditRows: async () => [] },
      checkPolicy: async (text) => ({ ok: text === 'x', rules: 0, problems: [] }),
      replayPolicy: async ({ text, from }) => ({
        ...{ version: text ?? '', problems: [], recorded: 3, calls: from === null ? 2 : 1, worked_out: 0, skipped: 0 },
        ...{ stricter: 1, looser: 0, sandbox: 0, changed: [], until: null, next: from === null ? 7 : null },
      }),
      gardenPolicy: async ({ text }) => ({
        version: text ?? '',
        problems: [],
        calls: 0,
        since: null,
        is_whole: true,
        rules: [],
        suggestions: [],
      }),
      doctor: async () => ({ items: [] }),
    };
    expect(await json('audit', 'verify')).toEqual({ code: 1, document: broken });
    expect(await json('audit', 'search', 'x')).toEqual({ code: 0, document: { events: [] } });
    expect((await run(['audit', 'export'])).code).toBe(0);
    expect((await json('policy', 'check')).code).toBe(1);
    writeFileSync(join(dataDir, 'p.yaml'), 'x');
    expect((await json('policy', 'check', 'p.yaml')).code).toBe(0);
    expect(await json('policy', 'replay', 'p.yaml')).toMatchObject({
      code: 0,
      document: { version: 'x', calls: 3, stricter: 2, recorded: 3, next: null },
    });
    expect((await json('policy', 'garden')).code).toBe(0);
    expect((await json('doctor')).code).toBe(0);
    expect(opened).toBe(8);
  });

  it('sends nothing to a socket that others could have put there', async () => {
    const { chmodSync } = await import('node:fs');
    chmodSync(join(dataDir, 'operator.sock'), 0o666);
    expect(await json('token', 'list')).toMatchObject({ code: 1, document: { error: { code: 'forbidden' } } });
    expect(asked).toEqual([]);
  });

  it('refuses an answer that is not of the contract', async () => {
    answers['tokens.list'] = { tokens: [], extra: 1 };
    expect(await json('token', 'list')).toMatchObject({ code: 1, document: { error: { code: 'internal' } } });
  });

  it('finds the data directory by option, then environment, then XDG', async () => {
    answers['tokens.list'] = { tokens: [] };
    const elsewhere = { GATEHOUSE_DATA_DIR: join(dataDir, 'none') };
    expect((await run(['token', 'list', '--data-dir', dataDir], { env: elsewhere })).code).toBe(0);
    expect((await run(['token', 'list'], { env: elsewhere })).code).toBe(1);
    expect((await run(['token', 'list'], { env: { XDG_DATA_HOME: join(dataDir, 'none') } })).code).toBe(1);
    expect(existsSync(join(dataDir, 'none'))).toBe(false);
  });

  it('helps', async () => {
    expect((await run(['--help'])).stdout).toContain('approvals approve');
    expect((await run(['token', 'mint', '--help'])).stdout).toContain('--workspace DIR');
    expect((await run(['--version'])).stdout).toBe('gatehouse 9.9.9\n');
    expect((await run([])).code).toBe(2);
  });
});
