import { execFileSync, spawn } from 'node:child_process';
import { link, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Files, HeldPath } from '../../core/ports/files.ts';
import { describeFilesContract } from '../../testing/files-contract.ts';
import { createFiles } from './files.ts';

const makeTree = async (): Promise<{ root: string; workspace: string; sibling: string; own: string; home: string }> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'files-test-')));
  const places = { root, workspace: `${root}/ws`, sibling: `${root}/ws-other`, own: `${root}/own`, home: `${root}/home` };
  for (const folder of [`${places.workspace}/src/deep`, places.sibling, places.own, `${places.home}/projects/app`])
    await mkdir(folder, { recursive: true });
  await writeFile(`${places.workspace}/hello.txt`, 'hello');
  await writeFile(`${places.workspace}/src/deep/a.ts`, 'let a;');
  await writeFile(`${places.sibling}/canary`, 'secret');
  await writeFile(`${places.own}/gatehouse.db`, 'rows');
  return places;
};

describeFilesContract('linux', async () => {
  const { root, workspace, sibling, own, home } = await makeTree();
  return {
    files: createFiles({ protectedPaths: [own], home }),
    workspace,
    sibling,
    own,
    put: async (path, content) => writeFile(path, content),
    get: async (path) => readFile(path, 'utf8').catch(() => null),
    close: async () => rm(root, { recursive: true }),
  };
});

describe('files on Linux', () => {
  let tree: Awaited<ReturnType<typeof makeTree>>;
  let files: Files;
  const held: HeldPath[] = [];
  beforeEach(async () => {
    tree = await makeTree();
    files = createFiles({ protectedPaths: [tree.own], home: tree.home });
  });
  afterEach(async () => {
    for (const path of held.splice(0)) await path.close();
    await rm(tree.root, { recursive: true });
  });
  const resolve = async (path: string, workspaces: readonly string[] = [tree.workspace]): Promise<HeldPath> => {
    const found = await files.resolve(workspaces, path);
    held.push(found);
    return found;
  };
  const readText = async (path: string, workspaces?: readonly string[]): Promise<string> =>
    Buffer.from(await (await resolve(path, workspaces)).read({ offset: 0, limit: 1000 })).toString();
  const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

  it('F39: follows links that stay inside and refuses those that leave, wherever they stand', async () => {
    const { workspace, sibling } = tree;
    await symlink('src/deep', `${workspace}/short`);
    await symlink(`${workspace}/hello.txt`, `${workspace}/absolute`);
    await symlink(`../src/../hello.txt`, `${workspace}/src/up`);
    expect(await readText('short/a.ts')).toBe('let a;');
    expect(await readText('absolute')).toBe('hello');
    expect(await readText('src/up')).toBe('hello');

    await symlink(sibling, `${workspace}/out`);
    await symlink(`${sibling}/canary`, `${workspace}/out-file`);
    await symlink('../ws-other/canary', `${workspace}/out-relative`);
    await symlink('/proc/self/mem', `${workspace}/mem`);
    await symlink('/dev/zero', `${workspace}/zero`);
    await symlink(`${sibling}/made`, `${workspace}/dangling`);
    for (const path of ['out/canary', 'out-file', 'out-relative', 'mem', 'zero', 'dangling', 'out']) {
      await expect(resolve(path), path).rejects.toMatchObject({ code: 'forbidden' });
    }
    // Positive control: the same link is good for a token that has both workspaces.
    expect(await readText('out/canary', [workspace, sibling])).toBe('secret');
    await symlink('loop', `${workspace}/loop`);
    await expect(resolve('loop')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('writes through a link that stays inside, and leaves the link alone', async () => {
    await symlink('hello.txt', `${tree.workspace}/alias`);
    await (await resolve('alias')).write(Buffer.from('new'), {});
    expect(await readFile(`${tree.workspace}/hello.txt`, 'utf8')).toBe('new');
    expect(await readdir(tree.workspace)).toEqual(['alias', 'hello.txt', 'src']);
  });

  it('keeps the mode, sets the one asked for, and never a set-uid bit', async () => {
    execFileSync('chmod', ['4751', `${tree.workspace}/hello.txt`]);
    await (await resolve('hello.txt')).write(Buffer.from('x'), {});
    expect((await stat(`${tree.workspace}/hello.txt`)).mode & 0o7777).toBe(0o751);
    await (await resolve('run.sh')).write(Buffer.from('x'), { mode: 0o4755 });
    expect((await stat(`${tree.workspace}/run.sh`)).mode & 0o7777).toBe(0o755);
    await (await resolve('plain')).write(Buffer.from('x'), {});
    expect((await stat(`${tree.workspace}/plain`)).mode & 0o7777).toBe(0o644);
  });

  it('refuses FIFOs, sockets and devices at once, without hanging', async () => {
    execFileSync('mkfifo', [`${tree.workspace}/pipe`]);
    const pipe = await resolve('pipe');
    expect(pipe.kind).toBe('other');
    await expect(pipe.read({ offset: 0, limit: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(pipe.sha256(10)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(pipe.write(Buffer.from('x'), {})).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('does not read through a hard link, and a write leaves its other name alone', async () => {
    await link(`${tree.sibling}/canary`, `${tree.workspace}/hard`);
    const hard = await resolve('hard');
    await expect(hard.read({ offset: 0, limit: 100 })).rejects.toMatchObject({ code: 'forbidden' });
    await hard.write(Buffer.from('mine'), {});
    expect(await readFile(`${tree.sibling}/canary`, 'utf8')).toBe('secret');
    expect(await readFile(`${tree.workspace}/hard`, 'utf8')).toBe('mine');
  });

  it('reads a window of a 10 GB sparse file without reading the rest', async () => {
    await writeFile(`${tree.workspace}/sparse`, '');
    await truncate(`${tree.workspace}/sparse`, 10 * 2 ** 30);
    const sparse = await resolve('sparse');
    expect((await sparse.read({ offset: 0, limit: 64 })).length).toBe(64);
    expect((await sparse.read({ offset: 10 * 2 ** 30 - 3, limit: 64 })).length).toBe(3);
    await expect(sparse.sha256(1024 * 1024)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('goes to what was held when a parent is renamed and replaced by a link, and refuses to write there', async () => {
    const path = await resolve('src/deep/a.ts');
    await rename(`${tree.workspace}/src`, `${tree.workspace}/moved`);
    await symlink(tree.sibling, `${tree.workspace}/src`);
    expect(Buffer.from(await path.read({ offset: 0, limit: 100 })).toString()).toBe('let a;');
    await expect(path.write(Buffer.from('x'), {})).rejects.toMatchObject({ code: 'conflict' });
    expect(await readdir(tree.sibling)).toEqual(['canary']);
  });

  it('refuses a workspace that has become a link, also by way of its parent', async () => {
    await rename(tree.workspace, `${tree.root}/away`);
    await symlink(tree.own, tree.workspace);
    await expect(resolve('gatehouse.db')).rejects.toMatchObject({ code: 'forbidden' });
    await rm(tree.workspace);
    await rename(`${tree.root}/away`, tree.workspace);
    expect(await readText('hello.txt')).toBe('hello');

    const inner = `${tree.workspace}/src/deep`;
    await rename(`${tree.workspace}/src`, `${tree.workspace}/kept`);
    await symlink(`${tree.workspace}/kept`, `${tree.workspace}/src`);
    await expect(resolve('a.ts', [inner])).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('refuses the gateway’s own folder by identity, whatever it is called now', async () => {
    const inside = `${tree.workspace}/own-moved`;
    files = createFiles({ protectedPaths: [inside], home: tree.home });
    // A protected folder that is not there yet is protected by its name.
    await expect(resolve('own-moved')).rejects.toMatchObject({ code: 'forbidden' });
    await mkdir(inside);
    await writeFile(`${inside}/key`, 'secret');
    const root = await resolve('.');
    await expect(root.child('own-moved')).rejects.toMatchObject({ code: 'forbidden' });
    // Named by a link that lies elsewhere, its folder is protected all the same.
    await symlink(inside, `${tree.root}/data`);
    files = createFiles({ protectedPaths: [`${tree.root}/data`], home: tree.home });
    await expect(resolve('own-moved/key')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await readText('hello.txt')).toBe('hello');
  });

  it('leaves no descriptor behind, neither after success nor after refusal', async () => {
    await symlink(tree.sibling, `${tree.workspace}/out`);
    const before = await descriptors();
    for (const path of ['src/deep/a.ts', 'hello.txt', '.', 'none', '../x', 'out/canary', 'none/none', 'src/../..']) {
      const found = await files.resolve([tree.workspace], path).catch(() => null);
      if (found?.kind === 'directory') await (await found.child('hello.txt')).close();
      await found?.close();
    }
    expect(await descriptors()).toBe(before);
  });

  it('checks workspaces: system folders, HOME and its key folders are refused, with what to choose instead', async () => {
    await mkdir(`${tree.home}/.ssh/deep`, { recursive: true });
    await symlink(`${tree.home}/projects/app`, `${tree.root}/link`);
    const refused = [
      '/',
      '/etc',
      '/usr',
      '/usr/lib',
      '/bin',
      '/sbin',
      '/dev',
      '/proc',
      '/sys',
      '/run',
      '/var',
      '/var/tmp',
      '/home',
      '/tmp',
      '/boot',
    ];
    for (const path of [
      ...refused,
      tree.home,
      tree.root,
      `${tree.home}/.ssh`,
      `${tree.home}/.ssh/deep`,
      `${tree.workspace}/hello.txt`,
      '/tmp/../etc',
    ]) {
      await expect(files.checkWorkspace(path), path).rejects.toMatchObject({
        code: 'invalid_input',
        message: expect.stringContaining('choose') as string,
      });
    }
    expect(await files.checkWorkspace(`${tree.home}/projects/app`)).toBe(`${tree.home}/projects/app`);
    expect(await files.checkWorkspace(`${tree.root}/link`)).toBe(`${tree.home}/projects/app`);
  });

  it('never writes outside while a folder is swapped for a link thousands of times', { timeout: 40_000 }, async () => {
    const { workspace, sibling } = tree;
    await mkdir(`${workspace}/dir`);
    await symlink(sibling, `${workspace}/trap`);
    // Exchanges a folder and a link to the outside, then leaves the folder alone for up to 3 ms, so that some writes can succeed.
    const swapper = spawn(
      process.execPath,
      [
        '-e',
        `const fs=require('fs');const w=process.argv[1];for(;;){for(const [a,b] of [['dir','hold'],['trap','dir'],['dir','trap'],['hold','dir']]){try{fs.renameSync(w+'/'+a,w+'/'+b)}catch{}}const t=process.hrtime.bigint()+BigInt(Math.floor(Math.random()*3e6));while(process.hrtime.bigint()<t);}`,
        workspace,
      ],
      { stdio: 'ignore' },
    );
    try {
      let written = 0;
      let refused = 0;
      let naive = 0;
      const end = Date.now() + 5000;
      for (let round = 0; Date.now() < end; round += 1) {
        const path = await files.resolve([workspace], 'dir/file').catch(() => null);
        try {
          await path?.write(Buffer.from('mine'), {});
          if (path === null) refused += 1;
          else written += 1;
        } catch {
          refused += 1;
        } finally {
          await path?.close();
        }
        // Positive control: a write by name does land outside in the same race.
        await writeFile(`${workspace}/dir/naive`, 'x').then(
          () => (naive += 1),
          () => undefined,
        );
      }
      const outside = await readdir(sibling);
      expect(outside).toContain('naive');
      expect(outside.filter((name) => name !== 'canary' && name !== 'naive')).toEqual([]);
      expect(written).toBeGreaterThan(10);
      expect(refused).toBeGreaterThan(10);
      expect(naive).toBeGreaterThan(10);
    } finally {
      swapper.kill('SIGKILL');
      await new Promise((done) => swapper.once('exit', done));
    }
  });
});
