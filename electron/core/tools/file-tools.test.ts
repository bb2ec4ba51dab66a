import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeFiles, type FakeFiles } from '../../testing/fake-files.ts';
import { storedToken } from '../../testing/store-records.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import { createFileTools } from './file-tools.ts';
import { createToolRegistry, type ToolRegistry } from './registry.ts';
import type { Resolution, ToolOutput } from './tool.ts';
import { sha256Hex } from '../canonical-json.ts';
import { toolContext, toolRun } from '../../testing/tool-context.ts';

const anAgentToken = (over: Partial<AgentToken> = {}): AgentToken => storedToken({ workspaces: ['/house/ws'], ...over }).token;

describe('file tools', () => {
  let files: FakeFiles;
  let registry: ToolRegistry;
  beforeEach(() => {
    files = createFakeFiles(['/house/own']);
    registry = createToolRegistry(createFileTools({ files }));
    files.put('/house/ws/a.txt', 'one\ntwo\nthree\n');
    files.put('/house/ws/src/b.ts', 'const two = 2;\n');
    files.put('/house/ws/src/deep/c.ts', 'two two\n');
    files.put('/house/ws/.git/config', 'two\n');
    files.put('/house/ws/node_modules/x/index.js', 'two\n');
    files.put('/house/ws/image.png', 'a\0two');
    files.put('/house/own/gatehouse.db', 'secret two');
    files.put('/house/other/canary', 'secret two');
  });

  const resolve = async (name: string, args: unknown, token = anAgentToken()): Promise<Resolution> => {
    const tool = registry.get(name)!;
    return tool.resolve(tool.arguments.parse(args), toolContext(token));
  };
  const run = async (name: string, args: unknown): Promise<ToolOutput> => {
    const resolution = await resolve(name, args);
    try {
      return await resolution.execute(toolRun());
    } finally {
      await resolution.release();
    }
  };

  it('F39: takes the arguments of the stable formats and no other', () => {
    const good: [string, unknown][] = [
      ['file_read', { path: 'a', offset: 1, limit: 1 }],
      ['file_list', { path: 'a', depth: 5 }],
      ['file_search', { pattern: 'a', path: 'b', glob: '*.ts' }],
      ['file_write', { path: 'a', content: '', mode: '0644' }],
      ['file_edit', { path: 'a', old_text: 'b', new_text: '', replace_all: true }],
    ];
    const bad: [string, unknown][] = [
      ['file_read', { path: 'a', offset: 0 }],
      ['file_read', { path: 'a', limit: 1.5 }],
      ['file_read', {}],
      ['file_list', { path: 'a', depth: 6 }],
      ['file_search', { pattern: '' }],
      ['file_write', { path: 'a', content: '', mode: '4755' }],
      ['file_write', { path: 'a', content: '', mode: 'u+s' }],
      ['file_edit', { path: 'a', old_text: '', new_text: 'x' }],
      ['file_edit', { path: 'a', old_text: 'x', new_text: 'y', replace_all: 'yes' }],
    ];
    for (const [name, args] of good) {
      expect(registry.get(name)!.arguments.safeParse(args).success, `${name} ${JSON.stringify(args)}`).toBe(true);
      expect(registry.get(name)!.arguments.safeParse({ ...(args as object), extra: 1 }).success).toBe(false);
    }
    for (const [name, args] of bad)
      expect(registry.get(name)!.arguments.safeParse(args).success, `${name} ${JSON.stringify(args)}`).toBe(false);
    expect(registry.list().map(({ name, scope, risk }) => [name, scope, risk])).toEqual([
      ['file_edit', 'file:write', 'moderate'],
      ['file_list', 'file:read', 'low'],
      ['file_read', 'file:read', 'low'],
      ['file_search', 'file:read', 'low'],
      ['file_write', 'file:write', 'moderate'],
    ]);
  });

  it('F39: every tool refuses what is outside, the gateway’s own, and a token without a workspace; nothing stays held', async () => {
    const calls = (path: string): [string, unknown][] => [
      ['file_read', { path }],
      ['file_list', { path }],
      ['file_search', { pattern: 'x', path }],
      ['file_write', { path, content: 'x' }],
      ['file_edit', { path, old_text: 'secret', new_text: 'x' }],
    ];
    for (const [name, args] of [...calls('../other/canary'), ...calls('/house/own/gatehouse.db'), ...calls('/etc/passwd')]) {
      await expect(resolve(name, args), name).rejects.toMatchObject({ code: 'forbidden' });
    }
    for (const [name, args] of calls('a.txt')) {
      await expect(resolve(name, args, anAgentToken({ workspaces: [] })), name).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('--workspace') as string,
      });
    }
    expect(files.get('/house/other/canary')).toBe('secret two');
    expect(files.held()).toBe(0);
  });

  it('file_read returns lines from where it is told', async () => {
    expect(await run('file_read', { path: 'a.txt' })).toMatchObject({
      text: 'one\ntwo\nthree\n',
      truncated: false,
      isError: false,
      structured: { path: '/house/ws/a.txt', lines: 3 },
    });
    expect((await run('file_read', { path: 'a.txt', offset: 2, limit: 1 })).text).toBe('two\n');
    expect((await run('file_read', { path: '/house/ws/a.txt', offset: 3 })).text).toBe('three\n');
    expect((await run('file_read', { path: 'a.txt', offset: 9 })).text).toBe('');
    await expect(run('file_read', { path: 'image.png' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(run('file_read', { path: 'src' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(run('file_read', { path: 'none' })).rejects.toMatchObject({ code: 'not_found' });
    files.putOther('/house/ws/pipe');
    await expect(run('file_read', { path: 'pipe' })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(files.held()).toBe(0);
  });

  it('file_read cuts long answers between characters and says where to go on', async () => {
    files.put('/house/ws/long', '€\n'.repeat(200_000));
    const cut = await run('file_read', { path: 'long' });
    expect(cut.truncated).toBe(true);
    expect(Buffer.byteLength(cut.text)).toBeLessThan(257 * 1024);
    expect(cut.text).not.toContain('\ufffd');
    const next = Number(/offset (\d+)\]$/.exec(cut.text)?.[1]);
    expect(next).toBeGreaterThan(65_000);
    expect((await run('file_read', { path: 'long', offset: 200_000 })).text).toBe('€\n');
    files.put('/house/ws/line', 'x'.repeat(3_000_000));
    expect((await run('file_read', { path: 'line' })).truncated).toBe(true);
  });

  it('file_list lists in order, as deep as it is told', async () => {
    expect((await run('file_list', { path: '.' })).text).toBe('.git/\na.txt\t14\nimage.png\t5\nnode_modules/\nsrc/');
    expect((await run('file_list', { path: 'src', depth: 2 })).text).toBe('b.ts\t15\ndeep/\ndeep/c.ts\t8');
    for (let index = 0; index < 2500; index += 1) files.put(`/house/ws/many/${index}`, '');
    expect(await run('file_list', { path: 'many' })).toMatchObject({ truncated: true, structured: { entries: 2000, truncated: true } });
    expect(files.held()).toBe(0);
  });

  it('file_search does not look into what is named like a secret, and says so, until the path names it', async () => {
    files.put('/house/ws/.env', 'KEY=two\n');
    files.put('/house/ws/deploy/secrets/db.txt', 'two\n');
    const { text } = await run('file_search', { pattern: 'two' });
    expect(text).toContain('src/b.ts:1:');
    expect(text).not.toMatch(/KEY=|db\.txt/);
    expect(text).toContain('2 files or folders were passed over because their names say that they hold secrets');
    expect((await run('file_search', { pattern: 'two', path: '.env' })).text).toContain('KEY=two');
  });

  it('file_search finds lines, by glob, without .git, node_modules and files that are not text', async () => {
    expect((await run('file_search', { pattern: 'tw[o]' })).text).toBe(
      'a.txt:2: two\nsrc/b.ts:1: const two = 2;\nsrc/deep/c.ts:1: two two\n[1 files or folders were not searched: not text, too large, hard-linked or not readable]',
    );
    expect((await run('file_search', { pattern: 'two', glob: '*.ts' })).text).toBe('src/b.ts:1: const two = 2;\nsrc/deep/c.ts:1: two two');
    expect((await run('file_search', { pattern: 'two', glob: 'src/*.{ts,js}' })).text).toBe('src/b.ts:1: const two = 2;');
    expect((await run('file_search', { pattern: 'two', glob: '**/deep/*' })).text).toBe('src/deep/c.ts:1: two two');
    expect((await run('file_search', { pattern: 'two', path: '.git' })).text).toBe('config:1: two');
    expect((await run('file_search', { pattern: 'absent', path: 'src' })).text).toBe('[no match]');
    await expect(run('file_search', { pattern: '(' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(run('file_search', { pattern: '(?=x)' })).rejects.toMatchObject({ code: 'invalid_input' });
    expect(files.held()).toBe(0);
  });

  it('file_search is not stopped by a pattern or a glob that would hang RegExp', async () => {
    files.put('/house/ws/bomb.txt', `${'a'.repeat(5000)}!`);
    const began = performance.now();
    await run('file_search', { pattern: '(a+)+$', path: 'bomb.txt' });
    await run('file_search', { pattern: 'x', glob: `${'*a'.repeat(60)}b` });
    expect(performance.now() - began).toBeLessThan(5000);
    files.put('/house/ws/hits.txt', 'hit\n'.repeat(1000));
    expect(await run('file_search', { pattern: 'hit' })).toMatchObject({ truncated: true, structured: { matches: 500 } });
  });

  it('file_write shows both sides, makes and replaces, and is bound to what it replaces', async () => {
    const made = await resolve('file_write', { path: 'new.txt', content: 'new' });
    expect(made).toMatchObject({
      operands: [],
      preview: {
        paths: [{ path: '/house/ws/new.txt', access: 'write', exists: false }],
        diff: { before: null, after: 'new', truncated: false },
      },
    });
    const output = await made.execute(toolRun());
    expect(output.structured).toEqual({ path: '/house/ws/new.txt', bytes: 3, created: true });
    await made.release();

    const replaced = await resolve('file_write', { path: 'a.txt', content: 'x' });
    expect(replaced.preview.diff).toEqual({
      path: '/house/ws/a.txt',
      before: 'one\ntwo\nthree\n',
      after: 'x',
      truncated: false,
      is_text: true,
      whole: {
        before: { bytes: 14, sha256: sha256Hex('one\ntwo\nthree\n'), mode: 0o644 },
        after: { bytes: 1, sha256: sha256Hex('x'), mode: 0o644 },
      },
    });
    expect(replaced.operands).toHaveLength(1);
    expect(await replaced.rehash()).toEqual(replaced.operands);
    files.put('/house/ws/a.txt', 'changed');
    expect(await replaced.rehash()).not.toEqual(replaced.operands);
    await expect(replaced.execute(toolRun())).rejects.toMatchObject({ code: 'conflict' });
    await replaced.release();
    expect(files.get('/house/ws/a.txt')).toBe('changed');
    expect(files.held()).toBe(0);
  });

  it('file_write shows the beginning of what is long and names the whole; what is no text cannot be shown', async () => {
    const content = 'é'.repeat(300_000);
    const long = await resolve('file_write', { path: 'big', content, mode: '0755' });
    const { diff } = long.preview;
    expect(diff).toMatchObject({ truncated: true, is_text: true, before: null });
    expect(diff?.after).toBe('é'.repeat(262_144));
    expect(diff?.whole).toEqual({ before: null, after: { bytes: 600_000, sha256: sha256Hex(content), mode: 0o755 } });
    await long.release();
    const image = await resolve('file_write', { path: 'image.png', content: 'x' });
    expect(image.preview.diff).toMatchObject({ truncated: true, is_text: false });
    await image.release();
    await expect(resolve('file_write', { path: 'src', content: 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(resolve('file_write', { path: 'none/x', content: 'x' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('file_edit replaces exactly one occurrence, or all of them, literally', async () => {
    await run('file_edit', { path: 'a.txt', old_text: 'two', new_text: '$& $1' });
    expect(files.get('/house/ws/a.txt')).toBe('one\n$& $1\nthree\n');
    await expect(run('file_edit', { path: 'src/deep/c.ts', old_text: 'two', new_text: 'x' })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('2 times') as string,
    });
    await expect(run('file_edit', { path: 'a.txt', old_text: 'absent', new_text: 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(run('file_edit', { path: 'a.txt', old_text: 'one', new_text: 'one' })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(run('file_edit', { path: 'image.png', old_text: 'two', new_text: 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
    await run('file_edit', { path: 'src/deep/c.ts', old_text: 'two', new_text: 'x', replace_all: true });
    expect(files.get('/house/ws/src/deep/c.ts')).toBe('x x\n');
    const stale = await resolve('file_edit', { path: 'a.txt', old_text: 'one', new_text: '1' });
    expect(stale.preview.diff).toMatchObject({ before: 'one\n$& $1\nthree\n', after: '1\n$& $1\nthree\n' });
    files.put('/house/ws/a.txt', 'one, changed');
    await expect(stale.execute(toolRun())).rejects.toMatchObject({
      code: 'conflict',
    });
    await stale.release();
    expect(files.get('/house/ws/a.txt')).toBe('one, changed');
    expect(files.held()).toBe(0);
  });
});
