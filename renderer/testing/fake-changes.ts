import type { OutputOf } from '../../shared/contract/contract.ts';
import type { ChangeEntry, ChangeSet, ChangeSetId, FileVersion } from '../../shared/domain/change.ts';
import { ago, callId, digest, taskId } from './fake-ids.ts';

const shop = '/home/mira/code/shop';

export const changeSetId = (seed: number): ChangeSetId => `chg_${seed.toString(36).padStart(4, '0').padEnd(20, 'k3q7')}` as ChangeSetId;

/** A change set together with the texts of its files. */
export interface FakeChange {
  readonly set: ChangeSet;
  readonly diffs: Readonly<Record<string, Partial<OutputOf<'changes.diff'>>>>;
}

const file = (text: string, mode = 0o644): FileVersion => ({ type: 'file', mode, size: text.length, sha256: digest(text.length + mode) });
const linesIn = (text: string): number => (text === '' ? 0 : text.replace(/\n$/, '').split('\n').length);

interface Parts extends Partial<ChangeEntry> {
  readonly old?: string;
  readonly now?: string;
  readonly current?: string | null;
  readonly fileMode?: number;
  readonly truncated?: boolean;
}

interface Made {
  readonly entry: ChangeEntry;
  readonly diff: Partial<OutputOf<'changes.diff'>>;
}

/** One changed file, from what it was (`old`) to what the call left (`now`); a missing side means that nothing was there. */
export function changed(path: string, parts: Parts): Made {
  const { old, now, current, fileMode = 0o644, truncated = false, ...rest } = parts;
  const whole = `${rest.workspace ?? shop}/${path}`;
  const entry: ChangeEntry = {
    workspace: shop,
    path: whole,
    from: null,
    kind: old === undefined ? 'created' : now === undefined ? 'deleted' : 'modified',
    before: old === undefined ? null : file(old),
    after: now === undefined ? null : file(now, fileMode),
    state: 'applied',
    rule: 'builtin:ordinary-change',
    reason: 'An ordinary change inside the workspace.',
    is_text: true,
    lines: old === undefined || now === undefined ? { added: linesIn(now ?? ''), removed: linesIn(old ?? '') } : { added: 1, removed: 1 },
    tools: ['bash'],
    made_by: null,
    ...rest,
  };
  const diff = { before: old ?? null, after: now ?? null, current: current === undefined ? (old ?? null) : current, truncated };
  return { entry, diff: { ...diff, is_text: entry.is_text } };
}

export function fakeChange(seed: number, made: readonly Made[], parts: Partial<ChangeSet> = {}): FakeChange {
  const set: ChangeSet = {
    id: changeSetId(seed),
    digest: digest(seed + 3000),
    call_id: callId(seed),
    task_id: taskId(1),
    agent: 'Claude Code',
    tool: 'bash',
    summary: 'npm run setup',
    workspace: shop,
    state: 'held',
    entries: made.map(({ entry }) => entry),
    writers: [],
    undoable: true,
    created_at: ago(40),
    decided_at: null,
    ...parts,
  };
  return { set, diffs: Object.fromEntries(made.map(({ entry, diff }) => [entry.path, diff])) };
}

const held = (rule: string, reason: string): Pick<ChangeEntry, 'state' | 'rule' | 'reason'> => ({ state: 'held', rule, reason });
const shell = held('builtin:shell', 'Shells and their tools load this when the folder is entered.');
const hooks = held('builtin:hooks', 'Git hooks run this by themselves.');
const packages = held('builtin:package', 'Package tools run scripts, or install what this file names.');

const envrc = 'export DATABASE_URL=postgres://localhost/shop\nPATH_add node_modules/.bin\nsource_env_if_exists .envrc.local\n';
const manifest = (scripts: string): string =>
  `{\n  "name": "shop",\n  "version": "3.2.0",\n  "private": true,\n  "scripts": {\n    "build": "vite build",\n${scripts}    "test": "vitest run"\n  },\n  "dependencies": {\n    "react": "^19.3.0"\n  }\n}\n`;
const prepare = '    "prepare": "husky",\n';
const preCommit = '#!/usr/bin/env sh\nnpx lint-staged\nnpm test -- --run\n';
const source = 'export const total = (items: Item[]) =>\n  items.reduce((sum, item) => sum + item.price, 0);\n';

/** One held file. */
export const oneHeld = (seed = 1): FakeChange =>
  fakeChange(seed, [changed('.envrc', { now: envrc, ...shell })], { summary: 'direnv setup' });

/** Several held files, after many that were applied. */
export const severalHeld = (seed = 2): FakeChange =>
  fakeChange(
    seed,
    [
      changed('package.json', { old: manifest(''), now: manifest(prepare), ...packages, lines: { added: 1, removed: 0 } }),
      changed('.husky/pre-commit', { now: preCommit, fileMode: 0o755, ...hooks }),
      changed('.husky/_/husky.sh', { old: 'echo "husky - DEPRECATED"\n', ...hooks }),
      changed('src/checkout/totals.ts', { old: 'export const total = 0;\n', now: source, lines: { added: 2, removed: 1 } }),
      changed('src/checkout/totals.test.ts', { now: 'test("total", () => {});\n' }),
    ],
    { state: 'partly_held', summary: 'npx husky init && npm run format', created_at: ago(95), call_id: callId(1) },
  );

/** The real file changed after the call had started. */
export const conflicting = (seed = 3): FakeChange =>
  fakeChange(
    seed,
    [
      changed('README.md', {
        old: '# Shop\n\nRun `npm start`.\n',
        now: '# Shop\n\nRun `npm run dev`, then open the port that it prints.\n',
        current: '# Shop\n\nRun `pnpm start`.\nAsk Jo for access.\n',
        state: 'conflict',
        rule: 'builtin:ordinary-change',
        reason: 'The real file changed meanwhile, and not through the gateway.',
      }),
    ],
    { agent: 'Codex', summary: 'sed -i s/start/dev/ README.md' },
  );

/** A program without text, and a text too long to show. */
export const unreadable = (seed = 4): FakeChange =>
  fakeChange(
    seed,
    [
      changed('bin/esbuild', {
        is_text: false,
        lines: null,
        after: { type: 'file', mode: 0o755, size: 9_961_472, sha256: digest(77) },
        ...held('builtin:executable', 'The file would become a program that can be started.'),
      }),
      changed('package-lock.json', {
        old: '{ "lockfileVersion": 3,\n',
        now: '{ "lockfileVersion": 3,\n  "packages": {\n',
        truncated: true,
        after: { type: 'file', mode: 0o644, size: 812_344, sha256: digest(78) },
        lines: null,
        ...held('builtin:lockfile', 'This decides which packages, and whose, are installed next.'),
      }),
    ],
    { summary: 'npm install esbuild' },
  );

/** Names and contents that were chosen to mislead. */
export const hostileChange = (seed = 5): FakeChange =>
  fakeChange(
    seed,
    [
      changed('docs/\u202Etxt.hs.daolyap', {
        now: 'echo safe\u202E\u2066 # \u2069\u2066rm -rf ~\u2069\n<img src=x onerror=alert(1)>\n\u001B[8mhidden\u001B[0m\n',
        fileMode: 0o755,
        ...held('builtin:executable', 'The file would become a program that can be started.'),
      }),
      changed(`.vscode/${'deep/'.repeat(24)}settings.json\u200B`, {
        now: '{ "terminal.integrated.shell.linux": "./x" }\n',
        ...held('builtin:editor', 'Editors obey this file when the folder is opened, and it can name programs to run.'),
      }),
      changed('.git/hooks/pre-commit', {
        kind: 'symlink',
        now: 'symbolic link to ../../\u2800x\n',
        after: { type: 'symlink', target: '../../\u2800x' },
        lines: null,
        ...held('builtin:symlink', 'The link leads out of the workspace, into a repository’s own folder, or to a file that programs obey.'),
      }),
    ],
    { agent: 'Codex', summary: 'make \u200Binstall <b>now</b>' },
  );

/** A difference that is longer than the window. */
export const longHeld = (seed = 6): FakeChange =>
  fakeChange(seed, [
    changed('Makefile', {
      now: Array.from({ length: 120 }, (_, line) => `target-${line}: ; @echo ${line}\n`).join(''),
      ...held('builtin:build', 'A build or a test run executes this file.'),
    }),
  ]);

const applied = (seed: number, age: number, summary: string, agent: string, paths: readonly string[]): FakeChange =>
  fakeChange(
    seed,
    paths.map((path, index) => changed(path, { now: source, ...(index % 2 === 0 ? { old: 'export const total = 0;\n' } : {}) })),
    { state: 'applied', summary, agent: agent, created_at: ago(age), call_id: callId(seed) },
  );

export function fakeChanges(): FakeChange[] {
  const undone = applied(23, 4000, 'rm -rf src/legacy', 'Codex', ['src/legacy/a.ts', 'src/legacy/b.ts']);
  const dropped = fakeChange(
    24,
    [changed('.envrc', { now: envrc, state: 'dropped', rule: 'builtin:operator', reason: 'The operator dropped it.' })],
    { state: 'dropped', summary: 'direnv setup', created_at: ago(9000), decided_at: ago(8900), agent: 'OpenCode' },
  );
  return [
    severalHeld(2),
    conflicting(3),
    applied(20, 310, 'npm run format', 'Claude Code', ['src/price.ts', 'src/cart/cart.ts', 'src/cart/cart.test.ts', 'src/app.tsx']),
    applied(21, 900, 'src/price.ts', 'Codex', ['src/price.ts']),
    applied(22, 2400, 'npm test -- --run totals', 'Claude Code', ['coverage/index.html', 'coverage/totals.ts.html']),
    { ...undone, set: { ...undone.set, state: 'undone', entries: undone.set.entries.map((entry) => ({ ...entry, state: 'undone' })) } },
    dropped,
  ];
}
