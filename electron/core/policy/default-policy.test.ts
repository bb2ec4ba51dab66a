import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../shared/json.ts';
import { operations } from '../targets/operations/operations.ts';
import { NAMED } from '../changes/named-classes.ts';
import { createPolicy } from './create-policy.ts';
import { createShellParser } from './create-shell-parser.ts';
import type { PolicyInput } from './policy.ts';
import { readPolicyDocument } from './policy-document.ts';
import { PRIVATE_PATHS } from './private-paths.ts';
import { textualInput } from './textual-input.ts';

const TOOLS = {
  file_read: { risk: 'low', scope: 'file:read' },
  file_list: { risk: 'low', scope: 'file:read' },
  file_search: { risk: 'low', scope: 'file:read' },
  file_write: { risk: 'moderate', scope: 'file:write' },
  file_edit: { risk: 'moderate', scope: 'file:write' },
  bash: { risk: 'high', scope: 'bash:exec' },
  job_list: { risk: 'low', scope: 'bash:exec' },
} as const;
const isTool = (name: string): name is keyof typeof TOOLS => Object.hasOwn(TOOLS, name);
const known = (name: string) => (isTool(name) ? TOOLS[name] : (operations.find((operation) => operation.name === name) ?? null));
const DEFAULT = readFileSync(new URL('../../../resources/policy.default.yaml', import.meta.url), 'utf8');
const shell = createShellParser();
await shell.start();

async function shipped() {
  const policy = createPolicy({
    file: {
      path: '/data/policy.yaml',
      read: () => Promise.resolve(DEFAULT),
      version: () => Promise.resolve(''),
      write: () => Promise.resolve(),
      watch: () => () => undefined,
    },
    clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
    tools: known,
    shell,
    home: '/home/op',
    onEvent: () => undefined,
  });
  await policy.start();
  return policy;
}

const input = (tool: keyof typeof TOOLS, args: JsonObject, more: Partial<PolicyInput> = {}): PolicyInput => ({
  ...textualInput({ tool, args, agent: 'claude-code', target: 'local', workspace: '/w', now: 0 }, TOOLS[tool], shell),
  ...more,
});

describe('the shipped default', () => {
  it('says of the same paths that they are private as is said without it', async () => {
    const { private_paths } = readPolicyDocument(DEFAULT).file ?? {};
    expect(private_paths).toEqual(PRIVATE_PATHS);
    const policy = await shipped();
    expect(policy.isPrivate('/w/deploy/.env.production')).toBe(true);
    expect(policy.isPrivate('/w/src/environment.ts')).toBe(false);
  });

  it('passes its own check, and every rule has examples', async () => {
    const policy = await shipped();
    expect(policy.status()).toMatchObject({ state: 'active', problems: [] });
    expect(policy.rules().filter((rule) => (rule.examples ?? []).length === 0 || rule.reason === undefined)).toEqual([]);
  });

  it.each([
    'ls',
    'cat README.md | head -5',
    "rg -n 'a.*b' src -g '*.ts'",
    'git log --oneline -5 -- src',
    'git status --short',
    'cat a 2>/dev/null',
  ])('%s → runs where it cannot change the workspace', async (command) => {
    const policy = await shipped();
    expect(policy.evaluate(input('bash', { command }))).toMatchObject({ effect: 'allow', profile: 'read-only' });
  });

  it.each([
    'rg *',
    "rg a ''--pre=./{,x}",
    'rg a ""*',
    'rg a \\--pre=./{,x}',
    "find . ''?delete",
    'find . \\[-]delete',
    "rg --pre='x' a",
    "rg pattern ''--pre=./{,x}",
    'find . ""*',
    'find . -fprint x',
    'find . -name a -delete',
    'find . -exec sh {} +',
    'find . -name *',
    'git diff --ext-diff',
    'git diff --output=.git/hooks/pre-commit',
    'git -c core.fsmonitor=./x status',
    'GIT_EXTERNAL_DIFF=./x git diff',
    'git log -p --output=x',
    'git show --textconv',
    'git branch -D x',
    'uniq a b',
    'sort -uo a b',
    'sort --compress-program=x a',
    'date -s 2020-01-01',
    'cat $X',
    'echo hello > notes.txt',
    'ls $(touch x)',
    'ls; npm install',
    './ls',
    'PATH=.; ls',
    'env ls',
    'tee x',
    'npm test',
    'npm run build && ls dist',
    'python3 scripts/report.py',
    'make -j4',
    'git add -A && git commit -m done',
    'rm -rf build',
  ])('%s → runs unasked on a layer, for it may change something', async (command) => {
    const policy = await shipped();
    expect(policy.evaluate(input('bash', { command }))).toMatchObject({
      effect: 'allow',
      profile: 'default',
      rule: 'commands-in-the-sandbox',
    });
  });

  it.each<[string, string, string]>([
    ['ls() { rm x; }; ls', 'ask', 'builtin:no-rule'],
    ['eval "$X"', 'ask', 'builtin:no-rule'],
    ['$X .env', 'ask', 'commands-that-read-secrets'],
    ['npm test; (', 'ask', 'builtin:no-rule'],
    ['cat .env', 'ask', 'commands-that-read-secrets'],
    ['npm test && cat ./.env', 'ask', 'commands-that-read-secrets'],
    ['cat .e*', 'ask', 'commands-that-read-secrets'],
    ['cat .en{v,x}', 'ask', 'commands-that-read-secrets'],
    ['cat certs/id_rsa', 'ask', 'commands-that-read-secrets'],
    ['rm -rf //', 'deny', 'never-erase-everything'],
    ['rm -r -f ~/', 'deny', 'never-erase-everything'],
    ['/bin/rm -rf /*', 'deny', 'never-erase-everything'],
    ['X=1 rm -rf /', 'deny', 'never-erase-everything'],
    ['echo x | dd bs=1 of=/dev/sda', 'deny', 'never-touch-devices'],
    ['unshare -r sh', 'deny', 'never-leave-the-sandbox'],
    ['cat ~/.config/gatehouse/settings.json', 'deny', 'never-gatehouse-itself-in-commands'],
  ])('%s → %s', async (command, effect, rule) => {
    const policy = await shipped();
    expect(policy.evaluate(input('bash', { command }))).toMatchObject({ effect, rule });
  });

  it('a text that is not understood in full is never allowed, and names no other tool', async () => {
    const policy = await shipped();
    expect(policy.evaluate(input('bash', { command: 'npm test' }, { unparsed: true }))).toMatchObject({ effect: 'ask' });
    expect(policy.evaluate(input('bash', { command: '' }, { commands: [] }))).toMatchObject({ effect: 'ask' });
    const unasked = policy.rules().filter(({ effect, tools }) => effect === 'allow' && (tools === undefined || tools.includes('bash')));
    expect(unasked.map(({ id, profile }) => [id, profile])).toEqual([
      ['commands-that-only-read', 'read-only'],
      ['commands-in-the-sandbox', 'default'],
    ]);
  });

  it.each<[keyof typeof TOOLS, string, string]>([
    ['file_read', 'src/a.ts', 'allow'],
    ['file_read', 'keys/a.PEM', 'ask'],
    ['file_list', '.ssh', 'ask'],
    ['file_write', 'src/a.ts', 'allow'],
    ['file_edit', 'README.md', 'allow'],
    ['file_write', 'docs/.env', 'ask'],
    ['file_edit', '.github/workflows/ci.yml', 'ask'],
    ['file_write', 'package.json', 'ask'],
    ['file_write', 'node_modules/x/index.js', 'ask'],
    ['file_read', '/home/op/.local/share/gatehouse/gatehouse.db', 'deny'],
    ['file_write', '/home/op/.local/share/gatehouse/policy.yaml', 'deny'],
  ])('%s %s → %s', async (tool, path, effect) => {
    const policy = await shipped();
    expect(policy.evaluate(input(tool, { path })).effect).toBe(effect);
  });

  it('asks before writing what a change set would hold: the names are those of the built-in classes', async () => {
    const policy = await shipped();
    const inOnePiece = (pattern: RegExp) => pattern.source.slice(1, -1).replaceAll('.*', '[^/]*').replaceAll('\\/', '/');
    const written = policy
      .rules()
      .find(({ id }) => id === 'write-what-runs-later')
      ?.paths?.map((path) => path.replaceAll(/[()]/g, ''));
    for (const { folders, files } of NAMED) {
      if (folders !== undefined) expect(written).toContain(`regex:(?i).*/${inOnePiece(folders)}(/.*)?`.replaceAll(/[()]/g, ''));
      if (files !== undefined) expect(written).toContain(`regex:(?i).*/${inOnePiece(files)}`.replaceAll(/[()]/g, ''));
    }
  });
});
