import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeSet } from '../../shared/domain/change.ts';
import { startHeadlessHost, type HeadlessHost } from '../testing/headless-host.ts';

interface Result {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
}

const many = 20_000;
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd, encoding: 'utf8' });

/** Everything about a tree that undo has to bring back. */
const fingerprint = (folder: string): string => {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    const stat = lstatSync(path);
    hash.update(`${path}\0${stat.mode.toString(8)}\0`);
    if (stat.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (stat.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
};

/** The shipped policy, a real project, the official client: nothing is asked, everything is reviewable, anything can be undone. */
describe('run first, review what changed, undo anything', () => {
  let host: HeadlessHost;
  let workspace: string;
  let client: Client;

  const call = async (name: string, args: Record<string, unknown>): Promise<Result & { readonly text: string }> => {
    const result = (await client.callTool({ name, arguments: args }, { timeout: 110_000 })) as Result;
    return { ...result, text: result.content.map((part) => part.text ?? '').join('') };
  };
  const bash = async (command: string, more: Record<string, unknown> = {}): ReturnType<typeof call> =>
    await call('bash', { command, ...more });
  const changes = async (state: 'open' | 'all' = 'all'): Promise<readonly ChangeSet[]> =>
    (await host.command<{ changes: ChangeSet[] }>('changes', 'list', '--state', state)).changes;
  const waiting = async (): Promise<number> => (await host.command<{ approvals: unknown[] }>('approvals', 'list')).approvals.length;

  beforeAll(async () => {
    host = await startHeadlessHost();
    workspace = host.workspace({
      'package.json': JSON.stringify({
        name: 'sample',
        type: 'module',
        scripts: { test: 'node --test sum.test.js', build: 'node build.js' },
      }),
      'sum.js': 'export const sum = (a, b) => a + b;\n',
      'sum.test.js':
        "import test from 'node:test'; import assert from 'node:assert'; import { sum } from './sum.js';\ntest('sum', () => assert.equal(sum(1, 2), 3));\n",
      'build.js':
        "import { mkdirSync, writeFileSync } from 'node:fs'; mkdirSync('dist', { recursive: true }); writeFileSync('dist/out.js', 'built');\n",
      'count.py': "import os\nopen('count.txt', 'w').write(str(sum(len(f) for _, _, f in os.walk('files'))))\n",
    });
    for (let folder = 0; folder < 100; folder += 1) {
      mkdirSync(join(workspace, 'files', String(folder)), { recursive: true });
      for (let file = 0; file < many / 100; file += 1)
        writeFileSync(join(workspace, 'files', String(folder), `${file}.txt`), `${folder}/${file}\n`);
    }
    symlinkSync('files/0', join(workspace, 'link'));
    git(workspace, 'init', '-q');
    // The operator's own git is not to clean up in the background while the agent works.
    git(workspace, 'config', 'gc.auto', '0');
    // Whoever runs this may have no name of their own.
    git(workspace, 'config', 'user.name', 't');
    git(workspace, 'config', 'user.email', 't@example.com');
    git(workspace, 'add', '-A');
    git(workspace, 'commit', '-qm', 'first');
    const { token } = await host.mint('e2e agent', 'file:read,file:write,bash:exec', workspace);
    client = await host.connect(token);
  });

  afterAll(async () => {
    await host.stop();
  });

  it('git status, npm test, a Python script and a build run without a question, and their changes land', async () => {
    expect((await bash('git status --short')).text).toBe('[no output]');
    const tested = await bash('npm test 2>&1');
    expect(tested.text).toMatch(/pass 1/);
    expect((await bash('python3 count.py && cat count.txt')).text).toBe(String(many));
    expect((await bash('npm run build && ls dist')).text).toContain('out.js');
    expect(readFileSync(join(workspace, 'dist/out.js'), 'utf8')).toBe('built');
    expect(readFileSync(join(workspace, 'count.txt'), 'utf8')).toBe(String(many));
    const committed = await bash('git add -A && git commit -qm second && git log --oneline | wc -l');
    expect(committed.text).toBe('2');
    expect(git(workspace, 'log', '--oneline').trim().split('\n')).toHaveLength(2);
    expect(git(workspace, 'status', '--short')).toBe('');
    expect(await waiting()).toBe(0);
    expect(await changes('open')).toHaveLength(0);
  });

  it('a planted hook is held however it comes: the agent sees it, the real repository does not', async () => {
    const hook = join(workspace, '.git/hooks/pre-commit');
    await bash("printf '#!/bin/sh\\ntouch owned\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit");
    expect(existsSync(hook)).toBe(false);
    expect((await bash('cat .git/hooks/pre-commit')).text).toContain('touch owned');
    await bash('mkdir innocent; cp .git/hooks/pre-commit innocent/; mv .git/hooks .git/old; mv innocent .git/hooks');
    expect(existsSync(hook)).toBe(false);
    await bash('mkdir sub && cd sub && git init -q . && cp ../.git/hooks/pre-commit .git/hooks/');
    expect(existsSync(join(workspace, 'sub/.git/hooks/pre-commit'))).toBe(false);
    git(workspace, 'commit', '--allow-empty', '-qm', 'third');
    expect(existsSync(join(workspace, 'owned'))).toBe(false);
    const held = (await changes('open')).flatMap(({ entries }) => entries.filter(({ state }) => state === 'held').map(({ path }) => path));
    expect(held.some((path) => path.endsWith('.git/hooks/pre-commit'))).toBe(true);
    for (const { id, digest } of await changes('open')) await host.command('changes', 'drop', id, '--digest', digest);
    expect((await bash('ls .git/hooks/pre-commit sub/.git/hooks 2>&1')).text).toContain('No such file');
    expect(existsSync(hook)).toBe(false);
  });

  it('a hook smuggled in by a link is held as well: a link for the folder, for the hook, and for where git looks', async () => {
    const real = (path: string): string => join(workspace, path);
    const config = readFileSync(real('.git/config'), 'utf8');
    const hooks = fingerprint(real('.git/hooks'));
    const heldPaths = async (): Promise<readonly string[]> =>
      (await changes('open'))
        .flatMap(({ entries }) => entries.filter(({ state }) => state === 'held').map(({ path }) => path))
        .filter((path) => path.startsWith(real('.git')));
    const dropAll = async (): Promise<void> => {
      for (const { id, digest } of await changes('open')) await host.command('changes', 'drop', id, '--digest', digest);
    };
    // What the link leads to is an ordinary program of the workspace's, and may be there already.
    mkdirSync(real('tools/hooks'), { recursive: true });
    for (const path of ['tools/hooks/pre-commit', 'tools/check.sh']) writeFileSync(real(path), '#!/bin/sh\ntouch owned\n', { mode: 0o755 });
    writeFileSync(real('tools/config'), `${config}\n[core]\n\thooksPath = tools/hooks\n`);
    // Each another change: one that was refused stays refused without a question.
    const ways: readonly (readonly [string, string, string])[] = [
      ['ln -sf ../../tools/check.sh .git/hooks/pre-commit', '.git/hooks/pre-commit', 'readlink .git/hooks/pre-commit'],
      ['rm -r .git/hooks; ln -s ../tools/hooks .git/hooks', '.git/hooks', 'readlink .git/hooks'],
      ['ln -s ../../tools/hooks/pre-commit made; mv made .git/hooks/pre-commit', '.git/hooks/pre-commit', 'readlink .git/hooks/pre-commit'],
      ['git config core.hooksPath tools/hooks', '.git/config', 'git config core.hooksPath'],
      // As a link, too, it says where git looks. A command that names the file itself is asked about.
      ['n=config; ln -sf ../tools/$n .git/$n', '.git/config', 'n=config; readlink .git/$n'],
    ];
    for (const [command, path, look] of ways) {
      const answer = await bash(command);
      expect(answer.text, command).toContain('waiting for the operator');
      expect(await heldPaths(), command).toContain(real(path));
      // The agent sees it.
      expect((await bash(look)).text, command).toMatch(/tools\/(hooks|check\.sh|config)/);
      // The real repository does not, and the operator's own git runs nothing of it.
      expect(readFileSync(real('.git/config'), 'utf8'), command).toBe(config);
      expect(lstatSync(real('.git/config')).isFile()).toBe(true);
      expect(lstatSync(real('.git/hooks')).isDirectory(), command).toBe(true);
      expect(fingerprint(real('.git/hooks')), command).toBe(hooks);
      git(workspace, 'commit', '--allow-empty', '-qm', command);
      expect(existsSync(real('owned')), command).toBe(false);
      await dropAll();
    }
    // Positive control: were it let in, git would run it.
    symlinkSync('../../tools/check.sh', real('.git/hooks/pre-commit'));
    git(workspace, 'commit', '--allow-empty', '-qm', 'control');
    expect(existsSync(real('owned'))).toBe(true);
    for (const path of ['owned', '.git/hooks/pre-commit', 'tools']) rmSync(real(path), { recursive: true });
  });

  it('what is held reaches the real files when the operator accepts it, and only what is accepted', async () => {
    const answer = await bash("printf 'all:\\n\\techo made\\n' > Makefile; printf 'layout node\\n' > .envrc; echo plain > plain.txt");
    expect(answer.text).toMatch(/waiting for the operator.*\.envrc/);
    expect(existsSync(join(workspace, 'Makefile'))).toBe(false);
    expect(readFileSync(join(workspace, 'plain.txt'), 'utf8')).toBe('plain\n');
    // File tools see the same layer.
    expect((await call('file_read', { path: 'Makefile' })).text).toContain('echo made');
    const [set] = await changes('open');
    expect(set).toBeDefined();
    const wrong = await host.run('changes', 'apply', set!.id, '--digest', 'f'.repeat(64));
    expect(wrong.code).toBe(1);
    await host.command('changes', 'apply', set!.id, join(workspace, 'Makefile'), '--digest', set!.digest);
    expect(readFileSync(join(workspace, 'Makefile'), 'utf8')).toContain('echo made');
    expect(existsSync(join(workspace, '.envrc'))).toBe(false);
  });

  it('undo after a recursive delete restores the tree byte for byte', async () => {
    const before = fingerprint(join(workspace, 'files'));
    await bash('rm -rf files/?  link');
    expect(existsSync(join(workspace, 'files/7'))).toBe(false);
    const set = (await changes()).find(({ entries }) => entries.some(({ path }) => path === join(workspace, 'files/7')));
    expect(set?.state).toBe('applied');
    const undone = await host.command<{ refused: unknown[] }>('changes', 'undo', set!.id);
    expect(undone.refused).toEqual([]);
    expect(fingerprint(join(workspace, 'files'))).toBe(before);
    expect(readlinkSync(join(workspace, 'link'))).toBe('files/0');
    // Every file that is not as it was applied is left alone, with a reason.
    await bash('echo agent > mine.txt');
    writeFileSync(join(workspace, 'mine.txt'), 'the operator’s\n');
    const [mine] = await changes();
    const refused = await host.run('changes', 'undo', mine!.id);
    expect(refused.code).toBe(1);
    expect((JSON.parse(refused.stdout) as { refused: { path: string }[] }).refused.map(({ path }) => path)).toEqual([
      join(workspace, 'mine.txt'),
    ]);
    expect(readFileSync(join(workspace, 'mine.txt'), 'utf8')).toBe('the operator’s\n');
  });

  it('a server left running is reached by later commands, and stops when it is told to', async () => {
    const script =
      "require('node:http').createServer((_, answer) => answer.end('served')).listen(8123, '127.0.0.1', () => console.log('listening'))";
    const started = await bash(`node -e "${script}"`, { background: true });
    const job = /job_[a-z0-9]{12}/.exec(started.text)?.[0];
    expect(job, started.text).toBeDefined();
    const get = `node -e "fetch('http://127.0.0.1:8123').then(async (answer) => console.log(await answer.text()), (error) => console.log('no', error.cause?.code))"`;
    await expect.poll(async () => (await call('job_output', { job })).text, { timeout: 20_000 }).toContain('listening');
    expect((await bash(get)).text).toBe('served');
    expect((await call('job_list', {})).text).toContain(job);
    expect((await call('job_stop', { job })).text).toContain('stopped');
    expect((await bash(get)).text).toContain('no ECONNREFUSED');
  });

  it('the log verifies and knows every change set', async () => {
    expect(await host.command<{ ok: boolean }>('audit', 'verify')).toMatchObject({ ok: true });
    const collected = await host.run('audit', 'search', 'change_set.');
    expect(collected.stdout).toContain('change_set.');
  });
});
