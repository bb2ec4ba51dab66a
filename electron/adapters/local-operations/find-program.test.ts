import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFindProgram } from './find-program.ts';

let folder: string;
const put = (place: string, content = '#!/bin/sh\n', mode = 0o755): string => {
  const file = join(folder, place);
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
};
const find = async (name: string, ...folders: string[]): Promise<string | null> =>
  (await createFindProgram({ path: folders.join(':'), isAgents: (path) => path.startsWith(join(folder, 'workspace')) })(name))?.path ??
  null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-programs-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('programs of operations', () => {
  it('F39: are found in the order of the PATH, by their own name', async () => {
    const tool = put('b/tool');
    put('a/other');
    expect(await find('tool', join(folder, 'a'), join(folder, 'b'))).toBe(tool);
    symlinkSync(tool, join(folder, 'a/many-in-one'));
    expect(await find('many-in-one', join(folder, 'a'))).toBe(join(folder, 'a/many-in-one'));
  });

  it.each(['../tool', './tool', '/bin/sh', '', '-c', 'a b', 'tool;x'])('F39: only bare names: %j', async (name) => {
    put('a/tool');
    expect(await find(name, join(folder, 'a'))).toBeNull();
  });

  it('F39: never from where an agent or another user can write, nor from a relative folder', async () => {
    put('workspace/bin/tool');
    expect(await find('tool', join(folder, 'workspace/bin'))).toBeNull();
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(folder, 'workspace/bin/tool'), join(folder, 'links/tool'));
    expect(await find('tool', join(folder, 'links'))).toBeNull();
    const open = put('open/tool', '#!/bin/sh\n', 0o777);
    expect(await find('tool', join(folder, 'open'))).toBeNull();
    chmodSync(open, 0o755);
    chmodSync(join(folder, 'open'), 0o777);
    expect(await find('tool', join(folder, 'open'))).toBeNull();
    chmodSync(join(folder, 'open'), 0o755);
    expect(await find('tool', '.', 'open', join(folder, 'open'))).toBe(open);
    put('open/data', 'no program', 0o644);
    expect(await find('data', join(folder, 'open'))).toBeNull();
  });

  it('F39: another content is another hash', async () => {
    const file = put('a/tool');
    const program = createFindProgram({ path: join(folder, 'a'), isAgents: () => false });
    const before = await program('tool');
    writeFileSync(file, '#!/bin/sh\necho other\n');
    expect((await program('tool'))?.sha256).not.toBe(before?.sha256);
  });
});
