import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientKind, ConnectPlan, DetectedClient } from '../../../shared/domain/host.ts';
import type { AgentClients } from '../../core/ports/machine.ts';
import { describeAgentClientsContract } from '../../testing/agent-clients-contract.ts';
import { createFakeAgentClients } from '../../testing/fake-agent-clients.ts';
import { createAgentClients } from './agent-clients.ts';

const MCP_URL = 'http://127.0.0.1:9876/mcp';
const TOKEN = 'gth_abcdefgh23456789_0123456789012345678901234567890123456789abc';
const SECOND = 'gth_zzzzzzzz23456789_0123456789012345678901234567890123456789abc';
const CONFIGURED: readonly ClientKind[] = ['claude-code', 'codex', 'opencode', 'cursor', 'vscode'];

let home: string;
let now: number;
let clients: AgentClients;

const at = (path: string): string => join(home, path);
const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
};
const get = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : null);
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const create = (env: Record<string, string> = {}): AgentClients =>
  createAgentClients({ home, env: { PATH: at('bin'), ...env }, dataDir: at('data'), now: () => now });
const plan = (kind: ClientKind, disableOwnTools = true): Promise<ConnectPlan> => clients.plan(kind, { mcpUrl: MCP_URL, disableOwnTools });
const detected = async (kind: ClientKind): Promise<DetectedClient> => {
  const found = (await clients.detect(MCP_URL)).find((client) => client.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not in the list`);
  return found;
};
const open = (): void => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-clients-'));
  now = Date.parse('2026-11-23T10:00:00.123Z');
  clients = create();
};
const close = (): void => rmSync(home, { recursive: true, force: true });

beforeEach(open);
afterEach(close);

describeAgentClientsContract('real files', () => {
  put('.codex/config.toml', '# mine\nmodel = "x"\n');
  return { clients, read: get, write: (path, text) => writeFileSync(path, text), close: () => undefined };
});
describeAgentClientsContract('fake', () => {
  const fake = createFakeAgentClients();
  return { clients: fake, read: fake.read, write: fake.write, close: () => undefined };
});

describe('detect', () => {
  it('finds a program on PATH with its version, and a folder without a program', async () => {
    put('bin/claude', '#!/bin/sh\necho "2.1.330 (Claude Code)"\n', 0o755);
    mkdirSync(at('.cursor'));
    expect(await detected('claude-code')).toMatchObject({ found: true, version: '2.1.330', connected: false, own_tools: 'on' });
    expect(await detected('cursor')).toMatchObject({ found: true, version: null, own_tools: 'not_switchable' });
    expect(await detected('codex')).toMatchObject({ found: false, version: null });
  });

  it('gives a program that hangs 3 s, kills it with its children, and looks again only after 30 s', async () => {
    put('bin/codex', `#!/bin/sh\necho run >> ${at('runs')}\n(/bin/sleep 20; echo late >> ${at('late')}) &\nwait\n`, 0o755);
    put('bin/opencode', '#!/bin/sh\necho 1.18.33\n', 0o755);
    const began = Date.now();
    expect(await detected('codex')).toMatchObject({ found: true, version: null });
    expect(Date.now() - began).toBeLessThan(6_000);
    expect(await detected('opencode')).toMatchObject({ version: '1.18.33' });
    expect(get(at('runs'))).toBe('run\n');
    expect(existsSync(at('late'))).toBe(false);
    put('bin/codex', '#!/bin/sh\necho codex-cli 0.169.0\n', 0o755);
    now += 30_000;
    expect(await detected('codex')).toMatchObject({ version: '0.169.0' });
  });

  it('never runs what a relative PATH entry names', async () => {
    clients = create({ PATH: '.:bin' });
    put('bin/claude', `#!/bin/sh\ntouch ${at('canary')}\n`, 0o755);
    expect(await detected('claude-code')).toMatchObject({ found: false });
    expect(existsSync(at('canary'))).toBe(false);
  });

  it('says when a configuration cannot be read', async () => {
    put('.cursor/mcp.json', '{ "mcpServers": ');
    expect(await detected('cursor')).toMatchObject({ own_tools: 'unknown', connected: false });
    expect((await detected('cursor')).note).toContain('line 1');
  });

  it.each([
    ['a later wildcard allows', '{"permission": {"bash": "deny", "edit": "deny", "webfetch": "deny", "*": "allow"}}', 'on'],
    ['a wildcard denies', '{"permission": {"*": "deny"}}', 'off'],
    ['one is denied only in part', '{"permission": {"bash": {"rm *": "deny"}, "edit": "deny", "webfetch": "deny"}}', 'on'],
    ['everything is denied', '{"permission": "deny"}', 'off'],
  ])('reads permissions of opencode as opencode does: %s', async (_name, text, expected) => {
    put('.config/opencode/opencode.json', text);
    expect(await detected('opencode')).toMatchObject({ own_tools: expected });
  });
});

describe.each(CONFIGURED)('connecting %s', (kind) => {
  it('from nothing: private files, and nothing left after undo', async () => {
    const shown = await plan(kind);
    await clients.apply(shown, TOKEN);
    expect(await detected(kind)).toMatchObject({ connected: true, own_tools: shown.can_disable_own_tools ? 'off' : 'not_switchable' });
    const holding = shown.files.filter(({ path }) => get(path)?.includes(TOKEN));
    expect(holding).toHaveLength(1);
    for (const { path } of shown.files) expect(modeOf(path)).toBe('600');
    await clients.undo(kind);
    for (const { path } of shown.files) expect(existsSync(path)).toBe(false);
  });

  it('twice: each undo takes one step back, and an earlier token is not shown', async () => {
    await clients.apply(await plan(kind), TOKEN);
    now += 60_000;
    const second = await plan(kind);
    expect(JSON.stringify(second)).not.toContain(TOKEN);
    await clients.apply(second, SECOND);
    expect(second.files.map(({ path }) => get(path)).join('')).not.toContain(TOKEN);
    await clients.undo(kind);
    expect(second.files.map(({ path }) => get(path)).join('')).toContain(TOKEN);
    await clients.undo(kind);
    expect(await detected(kind)).toMatchObject({ connected: false });
  });
});

describe('an existing configuration', () => {
  const JSONC = '// mine\n{\n  "mcpServers": {\n    "other": { "url": "http://127.0.0.1:1/mcp" }, // keep\n  }\n}\n';

  it('keeps its comments, and comes back to the byte and the mode', async () => {
    put('.cursor/mcp.json', JSONC, 0o640);
    const shown = await plan('cursor');
    const { backups } = await clients.apply(shown, TOKEN);
    const after = get(at('.cursor/mcp.json'));
    expect(after).toContain('// keep');
    expect(after).toContain(TOKEN);
    expect(modeOf(at('.cursor/mcp.json'))).toBe('600');
    expect(backups).toEqual([at('.cursor/mcp.json.gatehouse-backup-20261123T100000123Z')]);
    expect(modeOf(backups[0] ?? '')).toBe('600');
    await clients.undo('cursor');
    expect(get(at('.cursor/mcp.json'))).toBe(JSONC);
    expect(modeOf(at('.cursor/mcp.json'))).toBe('640');
    expect(readdirSync(at('.cursor'))).toEqual(['mcp.json']);
  });

  it('that changed after connecting loses only our entries at undo', async () => {
    put('.claude/settings.json', '{ "permissions": { "deny": ["Read(./.env)", "Bash"] } }');
    await clients.apply(await plan('claude-code'), TOKEN);
    const servers = JSON.parse(get(at('.claude.json')) ?? '') as object;
    writeFileSync(at('.claude.json'), JSON.stringify({ ...servers, numStartups: 7 }));
    await clients.undo('claude-code');
    expect(JSON.parse(get(at('.claude.json')) ?? '')).toEqual({ numStartups: 7 });
    expect(JSON.parse(get(at('.claude/settings.json')) ?? '')).toEqual({ permissions: { deny: ['Read(./.env)', 'Bash'] } });
  });

  it('that changed after connecting beyond reading is left alone, and so is every other file', async () => {
    const shown = await plan('claude-code');
    await clients.apply(shown, TOKEN);
    writeFileSync(at('.claude.json'), '{ broken');
    const settings = get(at('.claude/settings.json'));
    await expect(clients.undo('claude-code')).rejects.toMatchObject({ code: 'conflict' });
    expect(get(at('.claude.json'))).toBe('{ broken');
    expect(get(at('.claude/settings.json'))).toBe(settings);
  });

  it.each([
    ['claude-code', '.claude/settings.json', '{ broken'],
    ['codex', '.codex/config.toml', 'features = { web = true }'],
    ['opencode', '.config/opencode/opencode.jsonc', '{ "permission": "allow" }'],
    ['cursor', '.cursor/mcp.json', '{ "a": "$GATEHOUSE_TOKEN" }'],
    ['vscode', '.config/Code/User/mcp.json', '[]'],
  ] as const)('of %s that cannot be edited safely (%s) is not touched; the steps by hand remain', async (kind, path, text) => {
    put(path, text);
    const shown = await plan(kind);
    expect(shown).toMatchObject({ files: [], disables_own_tools: false });
    expect(shown.notes[0]).toContain('by hand');
    expect(shown.commands.length).toBeGreaterThan(1);
    expect(await clients.apply(shown, TOKEN)).toEqual({ backups: [] });
    expect(get(at(path))).toBe(text);
  });

  it('behind a link is changed where it is, and said so', async () => {
    put('dotfiles/mcp.json', '{}\n');
    mkdirSync(at('.cursor'));
    symlinkSync(at('dotfiles/mcp.json'), at('.cursor/mcp.json'));
    const shown = await plan('cursor');
    expect(shown.files.map(({ path }) => path)).toEqual([at('dotfiles/mcp.json')]);
    expect(shown.notes.join(' ')).toContain('version control');
    await clients.apply(shown, TOKEN);
    expect(get(at('dotfiles/mcp.json'))).toContain(TOKEN);
    await clients.undo('cursor');
    expect(get(at('.cursor/mcp.json'))).toBe('{}\n');
  });

  it.each([
    ['a link that leads nowhere', () => symlinkSync(at('nowhere'), at('.cursor/mcp.json'))],
    ['a link to a device', () => symlinkSync('/dev/zero', at('.cursor/mcp.json'))],
    ['a folder', () => mkdirSync(at('.cursor/mcp.json'))],
    ['not text', () => writeFileSync(at('.cursor/mcp.json'), Buffer.from([0xff, 0xfe, 0x7b]))],
  ])('that is %s is refused', async (_name, make) => {
    mkdirSync(at('.cursor'));
    make();
    expect(await plan('cursor')).toMatchObject({ files: [] });
  });
});

describe('a plan from outside', () => {
  it('can name no other file, and no backup elsewhere', async () => {
    const shown = await plan('cursor');
    const victim = at('.bashrc');
    const elsewhere = { ...shown, files: shown.files.map((file) => ({ ...file, path: victim })) };
    await expect(clients.apply(elsewhere, TOKEN)).rejects.toMatchObject({ code: 'forbidden' });
    expect(existsSync(victim)).toBe(false);
    put('.cursor/mcp.json', '{}');
    const backed = await plan('cursor');
    for (const backup of [victim, `${at('.cursor/mcp.json')}.gatehouse-backup-/../../.bashrc`, null]) {
      const moved = { ...backed, files: backed.files.map((file) => ({ ...file, backup })) };
      await expect(clients.apply(moved, TOKEN)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(existsSync(victim)).toBe(false);
    await clients.apply(backed, TOKEN);
    expect(get(at('.cursor/mcp.json'))).toContain(TOKEN);
  });

  it.each(['', 'short', 'with "quotes" in it', 'two\nlines-of-token'])('takes no token like %j', async (token) => {
    const shown = await plan('cursor');
    await expect(clients.apply(shown, token)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(existsSync(at('.cursor/mcp.json'))).toBe(false);
  });

  it.each(['http://evil.example/mcp', 'http://127.0.0.1:9876/mcp";rm -rf ~;"', 'https://127.0.0.1:1/mcp', ''])(
    'is not made for the address %j',
    async (mcpUrl) => {
      await expect(clients.plan('claude-code', { mcpUrl, disableOwnTools: true })).rejects.toMatchObject({ code: 'invalid_input' });
    },
  );
});

it('takes the folders of the clients from the environment that it was given', async () => {
  clients = create({ CLAUDE_CONFIG_DIR: at('cc'), CODEX_HOME: at('cx'), XDG_CONFIG_HOME: at('xdg') });
  const paths = await Promise.all(CONFIGURED.map(async (kind) => (await plan(kind)).files.map(({ path }) => path.slice(home.length + 1))));
  expect(paths).toEqual([
    ['cc/.claude.json', 'cc/settings.json'],
    ['cx/config.toml'],
    ['data/clients/opencode-token', 'xdg/opencode/opencode.json'],
    ['.cursor/mcp.json'],
    ['xdg/Code/User/mcp.json'],
  ]);
});
