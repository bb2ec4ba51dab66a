import type { Capability, ConnectPlan, DetectedClient, GatewayStatus } from '../../shared/domain/host.ts';
import type { AgentToken } from '../../shared/domain/identity.ts';
import type { OutputOf } from '../../shared/contract/contract.ts';
import { ago, ahead, digest, tokenId } from './fake-ids.ts';

const pass = (id: Capability['id'], title: string, evidence: string): Capability => ({ id, title, status: 'pass', evidence, fix: null });

export const healthy: readonly Capability[] = [
  pass('sandbox', 'Commands run in bubblewrap', 'bubblewrap 0.8.0 made a user namespace; the canary could not read the home folder.'),
  pass('keychain', 'Secrets in the keychain', 'Secret Service answered in 14 ms.'),
  pass('runtime', 'Current runtime', 'Electron 45.4.1, Node 24.21.0.'),
  pass('user', 'Ordinary user', 'Runs as mira (uid 1000).'),
  pass('audit', 'The log is durable', 'Wrote, synced and verified a row in 6 ms.'),
];

export const broken: readonly Capability[] = [
  {
    id: 'sandbox',
    title: 'Commands cannot be confined',
    status: 'fail',
    evidence: 'bubblewrap cannot create a user namespace here (AppArmor). Commands are refused.',
    fix: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    id: 'keychain',
    title: 'No keychain',
    status: 'warn',
    evidence: 'No Secret Service answers on the session bus. The log has no anchor outside of its database.',
    fix: 'sudo apt-get install gnome-keyring',
  },
  {
    id: 'runtime',
    title: 'Fallback runtime',
    status: 'warn',
    evidence: 'Electron 33.2.1 from the package registry; the current one could not be downloaded.',
    fix: null,
  },
  pass('user', 'Ordinary user', 'Runs as mira (uid 1000).'),
  pass('audit', 'The log is durable', 'Wrote, synced and verified a row in 6 ms.'),
];

export const status: GatewayStatus = {
  version: '0.1.0',
  data_dir: '/home/mira/.local/share/gatehouse',
  mcp_url: 'http://127.0.0.1:9876/mcp',
  operator_socket: '/home/mira/.local/share/gatehouse/operator.sock',
  console_url: null,
  host: 'desktop',
  state: 'running',
  state_reason: null,
  panic: null,
  sandbox: {
    mode: 'auto',
    effective: 'bubblewrap',
    version: '0.8.0',
    detail: 'bubblewrap 0.8.0, user namespaces work.',
    fix: null,
    attempts: [
      { id: 'write-outside', title: 'Nothing outside the workspace is written', ok: true, detail: 'it held' },
      { id: 'loopback', title: 'No port of this machine is reached', ok: true, detail: 'it held' },
    ],
    reason_for_downgrade: null,
    layer: { kind: 'overlay', detail: 'an overlay in a user namespace', fix: null },
    limits: { mechanism: 'systemd-scope', watchdog: true, detail: 'a systemd scope of the user' },
  },
  audit: { events: 1240, head: digest(1240), verified_at: ago(95), ok: true },
  capabilities: [...healthy],
  counts: { waiting: 0, running: 0, agents_connected: 4, calls_today: 1204, asked_today: 3, denied_today: 1 },
  socket_may_decide: false,
  started_at: ago(14_400),
};

type ListedToken = OutputOf<'tokens.list'>['tokens'][number];

function token(seed: number, parts: Partial<AgentToken> & Pick<ListedToken, 'agent' | 'state' | 'connected'>): ListedToken {
  return {
    id: tokenId(seed),
    scopes: ['file:read', 'file:write', 'bash:exec'],
    workspaces: ['/home/mira/code/shop'],
    targets: ['local'],
    created_at: ago(86_400 * 3),
    expires_at: ahead(86_400 * 27),
    revoked_at: null,
    last_used_at: ago(40),
    ...parts,
  };
}

export const tokens: readonly ListedToken[] = [
  token(0, { agent: 'Claude Code', state: 'active', connected: true, workspaces: ['/home/mira/code/shop', '/home/mira/code/shop-admin'] }),
  token(1, { agent: 'Codex', state: 'active', connected: true, last_used_at: ago(4) }),
  token(2, {
    agent: 'OpenCode',
    state: 'active',
    connected: false,
    scopes: ['file:read'],
    expires_at: ahead(7200),
    last_used_at: ago(5400),
  }),
  token(3, { agent: 'Cursor', state: 'revoked', connected: false, revoked_at: ago(86_400), last_used_at: ago(90_000) }),
  token(4, { agent: 'Nightly', state: 'expired', connected: false, expires_at: ago(3600), last_used_at: null }),
];

const client = (kind: DetectedClient['kind'], title: string, parts: Partial<DetectedClient> = {}): DetectedClient => ({
  kind,
  title,
  found: false,
  version: null,
  config_path: null,
  connected: false,
  own_tools: 'unknown',
  note: null,
  ...parts,
});

export const clients: readonly DetectedClient[] = [
  client('claude-code', 'Claude Code', {
    found: true,
    version: '2.1.330',
    config_path: '/home/mira/.claude.json',
    connected: true,
    own_tools: 'off',
  }),
  client('codex', 'Codex', {
    found: true,
    version: '0.169.0',
    config_path: '/home/mira/.codex/config.toml',
    connected: true,
    own_tools: 'on',
    note: 'Its own shell is still on: what it runs there is not seen here.',
  }),
  client('opencode', 'OpenCode', { found: true, version: '1.18.33', config_path: '/home/mira/.config/opencode/opencode.json' }),
  client('cursor', 'Cursor', { own_tools: 'not_switchable' }),
  client('vscode', 'VS Code'),
  client('generic', 'Any other MCP client', { found: true, own_tools: 'not_switchable' }),
];

export function plan(kind: DetectedClient['kind'], disable: boolean): ConnectPlan {
  const before = '{\n  "theme": "system",\n  "model": "anthropic/claude"\n}\n';
  const tools = disable ? ',\n  "tools": { "bash": false, "edit": false, "write": false, "webfetch": false }' : '';
  const after = `{\n  "theme": "system",\n  "model": "anthropic/claude",\n  "mcp": {\n    "gatehouse": {\n      "type": "remote",\n      "url": "http://127.0.0.1:9876/mcp",\n      "headers": { "Authorization": "Bearer $GATEHOUSE_TOKEN" }\n    }\n  }${tools}\n}\n`;
  return {
    kind,
    title: clients.find((known) => known.kind === kind)?.title ?? kind,
    commands: [
      {
        label: 'Add the gateway by hand',
        command: 'opencode mcp add gatehouse --url http://127.0.0.1:9876/mcp --header "Authorization: Bearer $GATEHOUSE_TOKEN"',
      },
    ],
    files:
      kind === 'generic'
        ? []
        : [
            {
              path: '/home/mira/.config/opencode/opencode.json',
              before,
              after,
              backup: '/home/mira/.local/share/gatehouse/backups/opencode.json.1',
              sha256_before: digest(5),
            },
          ],
    disables_own_tools: disable,
    can_disable_own_tools: kind !== 'generic',
    notes: disable
      ? ['Its own shell, edit and fetch tools are switched off, so that everything it does goes through here.']
      : ['Its own tools stay on: what it does with them is not seen here.'],
  };
}

export const policyText = `version: 1
rules:
  - id: reads-in-workspace
    effect: allow
    reason: The workspace may be read.
    tools: [file_read, file_list, file_search]

  - id: secrets-never
    effect: deny
    reason: Keys and credentials are never read.
    paths: ["~/.ssh/*", "**/.env", "~/.aws/*"]
    examples:
      - { tool: file_read, args: { path: ~/.ssh/id_ed25519 }, effect: deny }

  - id: publish-asks
    effect: ask
    reason: Publishing leaves this laptop.
    commands: ["npm publish*", "cargo publish*", "git push*"]

  - id: commands-ask
    effect: ask
    reason: Commands that change something are asked.
    tools: [bash]
`;
