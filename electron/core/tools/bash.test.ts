import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeFiles, type FakeFiles } from '../../testing/fake-files.ts';
import { createFakeSandbox, type FakeSandbox } from '../../testing/fake-sandbox.ts';
import { storedToken } from '../../testing/store-records.ts';
import { Digest, type AgentToken } from '../../../shared/domain/identity.ts';
import type { ShellAnalysis, ShellParser } from '../policy/shell-parser.ts';
import { createShellParser } from '../policy/create-shell-parser.ts';
import { createBashTool } from './bash.ts';
import { createSystemPrograms } from './system-programs.ts';
import type { Resolution, ToolOutput } from './tool.ts';
import { fixedProfiles } from '../../testing/fixed-profiles.ts';
import { noJobs, toolContext, toolRun } from '../../testing/tool-context.ts';

const anAgentToken = (over: Partial<AgentToken> = {}): AgentToken => storedToken({ workspaces: ['/house/ws'], ...over }).token;

/** Splits at `;` and blanks; words with `$` are not static; `>` redirects. Enough for these tests. */
const splitting: ShellParser = {
  start: async () => undefined,
  parse(text): ShellAnalysis {
    const redirects = [...text.matchAll(/> ?(\S+)/g)].map((match) => ({ target: match[1] ?? null, writes: true }));
    const commands = text.split(';').map((part) => {
      const words = part
        .replace(/>.*/, '')
        .trim()
        .split(/\s+/)
        .map((word) => (word.includes('$') ? null : word));
      return { words, text: part.trim(), program: words[0] ?? null, span: { start: 0, end: 0 } };
    });
    const words = commands.flatMap((command) => command.words.filter((word) => word !== null));
    return { commands, words, redirects, complete: !text.includes('!'), problem: null };
  },
};

describe('bash tool', () => {
  let files: FakeFiles;
  let sandbox: FakeSandbox;
  const hash = Digest.parse('a'.repeat(64));
  beforeEach(() => {
    files = createFakeFiles(['/house/own']);
    sandbox = createFakeSandbox();
    files.put('/house/ws/run.sh', 'echo 1');
    files.put('/house/ws/sub/inner.sh', 'echo 2');
    files.put('/house/other/canary', 'secret');
  });
  const tool = () =>
    createBashTool({
      profiles: fixedProfiles(),
      jobs: noJobs,
      sandbox,
      files,
      shell: splitting,
      settings: () => ({ bash_timeout_s: 120, output_limit_bytes: 5000 }),
      runsUnlisted: (analysis) => analysis.commands.flatMap(({ program }) => (program === 'make' ? ['make'] : [])),
      programs: {
        find: async (name) =>
          ['cat', 'make', '/usr/bin/env'].includes(name) ? { path: `/usr/bin/${name.split('/').at(-1) ?? ''}`, sha256: hash } : null,
      },
    });
  const resolve = async (args: unknown, token = anAgentToken()): Promise<Resolution> =>
    tool().resolve(tool().arguments.parse(args), toolContext(token));
  const run = async (args: unknown, signal = new AbortController().signal): Promise<ToolOutput> => {
    const resolution = await resolve(args);
    return resolution.execute(toolRun({ signal })).finally(async () => resolution.release());
  };

  it('names what runs, and no redirection', async () => {
    const shell = createShellParser();
    await shell.start();
    const real = createBashTool({
      profiles: fixedProfiles(),
      jobs: noJobs,
      sandbox,
      files,
      shell,
      settings: () => ({ bash_timeout_s: 120, output_limit_bytes: 5000 }),
      runsUnlisted: () => [],
      programs: { find: async () => null },
    });
    const resolution = await real.resolve(
      real.arguments.parse({ command: "printf 'x' > out.txt 2>> err < run.sh && $TOOL y | cat" }),
      toolContext(anAgentToken()),
    );
    expect(resolution.preview.programs).toEqual(['printf', '$TOOL', 'cat']);
    await resolution.release();
  });

  it('F39: takes the arguments of the stable format and no other', () => {
    const schema = tool().arguments;
    expect(schema.safeParse({ command: 'x', cwd: '.', timeout_s: 5, tty: true }).success).toBe(true);
    for (const bad of [
      {},
      { command: '' },
      { command: 'x', env: {} },
      { command: ['x'] },
      { command: 'x', timeout_s: 0 },
      { command: 'x', timeout_s: 86_401 },
      { command: 'x', background: 'yes' },
      { command: 'x', tty: 'yes' },
    ]) {
      expect(schema.safeParse(bad).success).toBe(false);
    }
    expect(tool()).toMatchObject({ scope: 'bash:exec', risk: 'high' });
  });

  it('hands the text to bash as one word, with a fixed environment, the folder and the limits', async () => {
    await run({ command: 'cat "$HOME"; rm -rf /', cwd: 'sub' });
    await run({ command: 'cat x', timeout_s: 7, tty: true });
    expect(sandbox.commands[0]).toMatchObject({
      argv: ['/bin/bash', '--noprofile', '--norc', '-c', 'cat "$HOME"; rm -rf /'],
      cwd: '/house/ws/sub',
      workspaces: ['/house/ws'],
      timeoutMs: 120_000,
      outputLimit: 5000,
      tty: false,
    });
    expect(sandbox.commands[1]).toMatchObject({ cwd: '/house/ws', timeoutMs: 7000, tty: true });
    expect(Object.keys(sandbox.commands[0]!.env).sort()).toEqual(['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER']);
    expect(files.held()).toBe(0);
  });

  it('lets a command write under the default profile only', async () => {
    for (const profile of ['default', 'read-only']) {
      const resolution = await resolve({ command: 'cat x' });
      await resolution.execute(toolRun({ profile }));
      await resolution.release();
    }
    expect(sandbox.commands.map(({ mount }) => mount.kind)).toEqual(['layer', 'read-only']);
  });

  it('refuses a folder outside, one that is a file, and a token without a workspace', async () => {
    await expect(resolve({ command: 'x', cwd: '/etc' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(resolve({ command: 'x', cwd: '../other' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(resolve({ command: 'x', cwd: 'run.sh' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(resolve({ command: 'a\0b' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(resolve({ command: '€'.repeat(50_000) })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(resolve({ command: 'x' }, anAgentToken({ workspaces: [] }))).rejects.toMatchObject({
      message: expect.stringContaining('--workspace') as string,
    });
    expect(sandbox.commands).toEqual([]);
    expect(files.held()).toBe(0);
  });

  it('binds programs and the files that the words name, and notices when they change', async () => {
    const resolution = await resolve({ command: './run.sh run.sh; cat nothing ../other/canary; /usr/bin/env make > out' });
    expect(resolution.operands.map(({ path }) => path)).toEqual(['/house/ws/run.sh', '/usr/bin/cat', '/usr/bin/env']);
    expect(resolution.preview.paths).toEqual([
      { path: '/house/ws/out', access: 'write', exists: false },
      { path: '/house/ws/run.sh', access: 'read', exists: true },
    ]);
    expect(resolution.commands).toEqual(['./run.sh run.sh', 'cat nothing ../other/canary', '/usr/bin/env make > out']);
    expect(resolution.preview).toMatchObject({
      command: './run.sh run.sh; cat nothing ../other/canary; /usr/bin/env make > out',
      cwd: '/house/ws',
      unparsed: false,
    });
    expect(await resolution.rehash()).toEqual(resolution.operands);
    files.put('/house/ws/run.sh', 'rm -rf .');
    expect(await resolution.rehash()).not.toEqual(resolution.operands);
  });

  it('notices that another folder stands where the command starts', async () => {
    let elsewhere = '/house/ws/sub';
    const resolving = files.resolve.bind(files);
    files.resolve = async (workspaces, path) => resolving(workspaces, path === '/house/ws/sub' ? elsewhere : path);
    const resolution = await resolve({ command: 'make', cwd: 'sub' });
    expect(await resolution.rehash()).toEqual(resolution.operands);
    elsewhere = '/house/ws/sub2';
    files.put('/house/ws/sub2/Makefile', 'all: ; rm -rf .');
    await expect(resolution.rehash()).rejects.toMatchObject({ code: 'conflict' });
    elsewhere = '/house/other';
    await expect(resolution.rehash()).rejects.toMatchObject({ code: 'forbidden' });
    expect(files.held()).toBe(0);
  });

  it('looks for words where the command changes to, and says when that is unknown', async () => {
    const known = await resolve({ command: 'cd sub; bash inner.sh' });
    expect(known.operands.map(({ path }) => path)).toContain('/house/ws/sub/inner.sh');
    expect(known.preview.unparsed).toBe(false);
    const unknown = await resolve({ command: 'cd $X; cat inner.sh' });
    expect(unknown.preview).toMatchObject({ unparsed: true, summary: expect.stringContaining('not all files') as string });
  });

  it('says when the lists are incomplete: too many files, unparsed text', async () => {
    for (let index = 0; index < 250; index += 1) files.put(`/house/ws/f${index}`, 'x');
    const many = await resolve({ command: `cat ${Array.from({ length: 250 }, (_, index) => `f${index}`).join(' ')}` });
    expect(many.operands).toHaveLength(200);
    expect(many.preview.unparsed).toBe(true);
    expect((await resolve({ command: 'cat !' })).preview.unparsed).toBe(true);
    expect((await resolve({ command: 'make all' })).preview.runs_unlisted).toEqual(['make']);
  });

  it('F36: tells exit codes, time limits, cancellation and cut output apart', async () => {
    sandbox.answer({ output: 'hi\n' });
    expect(await run({ command: 'x' })).toMatchObject({ text: 'hi', isError: false, exitCode: 0 });
    sandbox.answer({ output: 'hi\n', exit: { kind: 'exited', code: 3 } });
    expect(await run({ command: 'x' })).toMatchObject({ text: 'hi\n[exited with code 3]', isError: false, exitCode: 3 });
    sandbox.answer({ output: 'part', exit: { kind: 'timed_out' } });
    expect(await run({ command: 'x', timeout_s: 2 })).toMatchObject({
      text: expect.stringMatching(/^\[killed after its time limit of 2 s/) as string,
      isError: true,
      exitCode: null,
    });
    sandbox.answer({ exit: { kind: 'signalled', signal: 'SIGKILL' } });
    expect(await run({ command: 'x' })).toMatchObject({ isError: true });
    sandbox.answer({ output: 'aaa', outputBytes: 9_000_000, truncated: true });
    expect(await run({ command: 'x' })).toMatchObject({
      text: 'aaa\n[output cut: 9000000 bytes in all]',
      truncated: true,
      bytes: 9_000_000,
    });
    sandbox.answer({});
    expect((await run({ command: 'x' })).text).toBe('[no output]');
    sandbox.answer('hang');
    const abort = new AbortController();
    const pending = run({ command: 'x' }, abort.signal);
    setTimeout(() => abort.abort(), 20);
    expect(await pending).toMatchObject({ isError: true, structured: { exit: 'aborted' } });
  });

  it('F54: is refused when there is no sandbox', async () => {
    sandbox.breakDown('bubblewrap is not installed');
    await expect(run({ command: 'x' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not installed') as string,
    });
    expect(sandbox.commands).toEqual([]);
  });

  it('finds the system’s programs as the sandbox shows them, and nothing else', async () => {
    const programs = createSystemPrograms();
    const sh = await programs.find('sh');
    expect(sh?.path).toMatch(/^\/(usr\/)?bin\//);
    expect(sh?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await programs.find('/bin/sh')).toEqual(sh);
    for (const name of ['no-such-program', '/etc/passwd', '/proc/self/exe', '../../etc/passwd', '/usr/bin'])
      expect(await programs.find(name), name).toBeNull();
  });
});
