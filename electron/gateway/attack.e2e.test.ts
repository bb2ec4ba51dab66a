import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@modelcontextprotocol/client';
import type { Approval } from '../../shared/domain/approval.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';
import { rawHttp, type RawResponse } from '../testing/raw-http.ts';

interface Result {
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: unknown;
}

/** What an agent may try at the whole product: the real host under its shipped policy, the command line, and bubblewrap. */
describe('attacks on the running host', () => {
  let host: HeadlessHost;
  let workspace: string;
  let token: string;
  let client: Client;

  beforeAll(async () => {
    host = await startHeadlessHost();
    workspace = host.workspace({ 'notes.txt': 'a note\n' });
    ({ token } = await host.mint('attacker', 'file:read,file:write,bash:exec', workspace));
    client = await host.connect(token);
  });

  // Whatever was tried: the gateway lives, nothing is lost, nothing is left open.
  afterAll(async () => {
    try {
      expect(await call('file_read', { path: 'notes.txt' })).toMatchObject({ text: expect.stringContaining('a note') as string });
      expect(await host.command('audit', 'verify')).toMatchObject({ ok: true, problems: [] });
      const { approvals } = await host.command<{ approvals: Approval[] }>('approvals', 'list', '--state', 'all');
      expect(approvals.filter(({ state }) => state === 'pending' || state === 'approved')).toEqual([]);
    } finally {
      await host.stop();
    }
  });

  const call = async (name: string, args: Record<string, unknown>): Promise<{ text: string; structured: unknown }> => {
    const result = (await client.callTool({ name, arguments: args })) as Result;
    return { text: result.content.map(({ text }) => text ?? '').join(''), structured: result.structuredContent };
  };
  const inWorkspace = (name: string): string => join(workspace, name);
  const asked = async (): Promise<Approval> => {
    const [approval] = await host.pending();
    if (approval === undefined) throw new Error('Nothing is pending.');
    return approval;
  };

  describe('what runs as only reading can change nothing', () => {
    /** A repository in the repository, as a clone may bring it along: its own configuration names a program. */
    const plantRepository = (): void => {
      execFileSync('git', ['init', '-q', '--bare', inWorkspace('planted')]);
      const config = `[core]\n\tbare = false\n\tworktree = ..\n\tfsmonitor = "touch ${inWorkspace('canary')}; false"\n`;
      writeFileSync(inWorkspace('planted/config'), `[core]\n\trepositoryformatversion = 0\n${config}`);
    };

    it('F59: git obeys a planted configuration in a workspace that it cannot change', async () => {
      plantRepository();
      const unasked = await call('bash', { command: 'git status', cwd: 'planted' });
      expect(unasked.text).toContain('Read-only file system');
      expect(existsSync(inWorkspace('canary'))).toBe(false);
      // Positive control: on a layer it does write, by the same configuration, and what it wrote is an ordinary change.
      await call('bash', { command: 'git -c core.bare=false status', cwd: 'planted' });
      expect(existsSync(inWorkspace('canary'))).toBe(true);
    });

    it.each([
      `rg a ''--pre=./{,run}`,
      'rg a ""*',
      `find . ''?delete`,
      'cat <> made',
      'ls 3> made',
      "test -v 'a[$(touch made)]'",
      'git log --output=made',
    ])('%s is not taken for one that only reads', async (command) => {
      const explained = await host.command<{ verdict: unknown }>(
        'policy',
        'explain',
        '--tool',
        'bash',
        '--args',
        JSON.stringify({ command }),
      );
      expect(explained.verdict).not.toMatchObject({ profile: 'read-only' });
    });
  });

  describe('bad input ends in a clear error', () => {
    const post = async (body: string, headers: Record<string, string> = {}): Promise<RawResponse> => {
      const all = {
        host: `127.0.0.1:${String(host.port)}`,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': String(Buffer.byteLength(body)),
        connection: 'close',
        ...headers,
      };
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
      return await rawHttp(host.port, ['POST /mcp HTTP/1.1', ...lines, '', body].join('\r\n'));
    };
    const write = (path: string): string =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"file_write","arguments":{"path":"${path}","content":"x"}}}`;

    it.each([
      ['nothing', ''],
      ['half a document', '{"jsonrpc":'],
      ['two documents', `${write('made')}\n${write('made')}`],
      ['a batch', `[${write('made')}]`],
      ['a key twice', write('made').replace('"path":"made"', '"path":"a","path":"made"')],
      ['a key twice, escaped', write('made').replace('"path":"made"', '"path":"a","p\\u0061th":"made"')],
      ['a byte order mark', `\ufeff${write('made')}`],
      ['a lone surrogate', write('made\\ud800')],
      ['an unsafe integer', write('made').replace('"id":1', '"id":9007199254740993')],
      ['great depth', '['.repeat(5000)],
      ['a number for the method', write('made').replace('"tools/call"', '7')],
      ['no session and no revision', write('made')],
    ])('%s', async (_name, body) => {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(response.body).toMatch(/"message":"[^"]{10,}/);
      expect(existsSync(inWorkspace('made'))).toBe(false);
    });

    it.each([
      ['file_read', { path: 1 }],
      ['file_read', { path: 'notes.txt', extra: true }],
      ['file_list', { path: '.', depth: 1e9 }],
      ['file_search', { pattern: '(' }],
      ['bash', { command: ['touch made'] }],
      ['bash', { command: 'touch made', cwd: 'nowhere' }],
      ['bash', { command: 'touch made\0' }],
      ['bash', JSON.parse('{"command":"touch made","__proto__":{"cwd":"."}}') as Record<string, unknown>],
    ])('%s with %j', async (tool, args) => {
      expect((await call(tool, args)).structured).toMatchObject({ outcome: 'invalid', reason: expect.stringMatching(/.{10}/) as string });
      expect(existsSync(inWorkspace('made'))).toBe(false);
    });

    it.each([
      '',
      'nothing',
      'constructor',
      '__proto__',
      'file_read ',
      'FILE_READ',
      'file_read\u200b',
      'approvals.approve',
      'x'.repeat(10_000),
    ])('F32: there is no tool %j', async (name) => {
      await expect(client.callTool({ name, arguments: { path: 'notes.txt' } })).rejects.toMatchObject({ code: -32602 });
    });

    it('F38: a policy that breaks while the host runs leaves the last good one in force, and is named', async () => {
      const path = join(host.dataDir, 'policy.yaml');
      const good = readFileSync(path);
      try {
        writeFileSync(path, 'version: 1\nrules:\n  - { id: all, effect: allow }\n  - { id: all, effect: allow, colour: red }\n');
        await expect
          .poll(async () => (await host.run('audit', 'search', 'policy.rejected')).stdout, { timeout: 10_000 })
          .toContain('colour');
        const explain = ['policy', 'explain', '--tool', 'bash', '--args', '{"command":"cat .env"}'];
        expect(await host.command(...explain)).toMatchObject({ verdict: { effect: 'ask' } });
      } finally {
        writeFileSync(path, good);
      }
    });

    it('a workspace that is gone, or has become a link to the data directory', async () => {
      const gone = host.workspace({ 'a.txt': 'a' });
      const own = await host.connect((await host.mint('homeless', 'file:read,bash:exec', gone)).token);
      const attempt = async (name: string, args: Record<string, unknown>): Promise<unknown> =>
        (await own.callTool({ name, arguments: args })).structuredContent;
      expect(await attempt('file_read', { path: 'a.txt' })).not.toMatchObject({ outcome: 'denied' });
      rmSync(gone, { recursive: true });
      for (const there of [false, true]) {
        if (there) symlinkSync(host.dataDir, gone);
        for (const [name, args] of [
          ['file_read', { path: 'policy.yaml' }],
          ['file_list', { path: '.' }],
          ['bash', { command: 'ls' }],
        ] as const)
          expect(await attempt(name, args), name).toMatchObject({
            outcome: 'denied',
            reason: expect.stringContaining('workspace') as string,
          });
      }
    });
  });

  describe('a yes is for what was shown, once', () => {
    /** Names what the shipped policy asks about, and does nothing. */
    const ask = ': secrets';

    it('of fifty decisions at the same time one wins, and the call runs once or not at all', async () => {
      for (const round of ['one', 'two']) {
        const reply = call('bash', { command: `echo x >> ${round}; ${ask}` });
        const { id, digest } = await asked();
        const answers = await Promise.all(
          Array.from({ length: 50 }, async (_, index) =>
            index % 2 === 0
              ? await invoke('approvals.approve', { id, digest, reason: '' })
              : await invoke('approvals.deny', { id, reason: 'No.' }),
          ),
        );
        expect(answers.filter((answer) => answer.includes('"ok":true'))).toHaveLength(1);
        const isApproved = answers.some((answer) => answer.includes('"state":"approved"') && answer.includes('"ok":true'));
        await reply;
        expect(existsSync(inWorkspace(round)) ? readFileSync(inWorkspace(round), 'utf8') : '').toBe(isApproved ? 'x\n' : '');
      }
    });

    const moveAway = (): void => {
      renameSync(inWorkspace('place'), inWorkspace('away'));
      symlinkSync('other', inWorkspace('place'));
    };
    it.each<[string, string, Record<string, unknown>, (() => void) | null]>([
      ['(the positive control)', 'bash', { command: `touch ../canary-1; ${ask}`, cwd: 'place' }, null],
      ['the folder has become a link', 'bash', { command: `touch ../canary-2; ${ask}`, cwd: 'place' }, moveAway],
      ['the script’s folder has become a link', 'bash', { command: `bash place/run.sh; ${ask}` }, moveAway],
      [
        'the parent has become a link outward',
        'file_write',
        { path: 'place/Makefile', content: 'x' },
        () => {
          renameSync(inWorkspace('place'), inWorkspace('away'));
          symlinkSync(host.dataDir, inWorkspace('place'));
        },
      ],
      [
        'a file has appeared',
        'file_write',
        { path: 'place/Makefile', content: 'x' },
        () => writeFileSync(inWorkspace('place/Makefile'), 'precious'),
      ],
    ])('%s', async (name, tool, args, change) => {
      for (const old of ['place', 'away', 'other']) rmSync(inWorkspace(old), { recursive: true, force: true });
      for (const folder of ['place', 'other']) mkdirSync(inWorkspace(folder));
      writeFileSync(inWorkspace('place/run.sh'), 'touch canary-3\n');
      writeFileSync(inWorkspace('other/run.sh'), 'touch canary-3 evil\n');
      const reply = call(tool, args);
      const approval = await asked();
      change?.();
      expect((await host.approve(approval)).code).toBe(0);
      const { structured } = await reply;
      if (change === null) {
        expect(existsSync(inWorkspace('canary-1')), name).toBe(true);
        return;
      }
      expect(structured).toMatchObject({ outcome: 'denied', rule: 'builtin:drift' });
      for (const canary of ['canary-2', 'canary-3', 'evil', 'other/Makefile', 'away/Makefile'])
        expect(existsSync(inWorkspace(canary)), canary).toBe(false);
      expect(existsSync(join(host.dataDir, 'Makefile'))).toBe(false);
      expect(await host.command('approvals', 'show', approval.id)).toMatchObject({ state: 'cancelled' });
    });
  });

  /** The operator socket itself, faster than fifty commands. */
  const invoke = async (name: string, input: unknown): Promise<string> =>
    await new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: String(host.ready['operator_socket']),
          path: '/api/invoke',
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve(text));
        },
      );
      sent.on('error', reject);
      sent.end(JSON.stringify({ name, input }));
    });
});
