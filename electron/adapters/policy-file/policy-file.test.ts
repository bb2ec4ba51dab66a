import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPolicyFile, installDefaultPolicy } from './policy-file.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-file-'));
  path = join(folder, 'policy.yaml');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('read', () => {
  it('gives the text, or null', async () => {
    const file = createPolicyFile(path);
    expect(await file.read()).toBeNull();
    await writeFile(path, '\ufeffversion: 1 # é\n');
    expect(await file.read()).toBe('\ufeffversion: 1 # é\n');
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['more than 1 MB', async () => writeFile(path, Buffer.alloc(1024 * 1024 + 1, 'x')), 'larger than 1 MB'],
    ['bytes that are not UTF-8', async () => writeFile(path, Buffer.from([0x61, 0xff])), 'not valid UTF-8'],
    ['a folder', async () => mkdir(path), 'not an ordinary file'],
    ['a pipe that nobody writes to', async () => execFileSync('mkfifo', [path]), 'not an ordinary file'],
    [
      'a link, also to a good file',
      async () => (await writeFile(`${path}.real`, 'version: 1'), symlink(`${path}.real`, path)),
      'symbolic link',
    ],
  ])('refuses %s', async (_name, make, message) => {
    await make();
    await expect(createPolicyFile(path).read()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a file of another user', async () => {
    await writeFile(path, 'version: 1');
    expect(await createPolicyFile(path).read()).toBe('version: 1');
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) await chown(path, 65_534, 65_534);
    await expect(createPolicyFile(isRoot ? path : '/etc/passwd').read()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('another user') as string,
    });
  });

  it('takes exactly 1 MB', async () => {
    await writeFile(path, Buffer.alloc(1024 * 1024, 'x'));
    expect((await createPolicyFile(path).read())?.length).toBe(1024 * 1024);
  });
});

describe('watch', () => {
  async function counting(act: (count: () => number) => Promise<void>) {
    let calls = 0;
    const stop = createPolicyFile(path, { debounceMs: 30 }).watch(() => (calls += 1));
    try {
      await act(() => calls);
    } finally {
      stop();
    }
  }
  const settled = (count: () => number, wanted: number) => expect.poll(count, { timeout: 5000 }).toBe(wanted);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('F38: sees a first write, an edit in place, an atomic replacement and a removal; neighbours do not count', async () => {
    await counting(async (count) => {
      await writeFile(path, 'a');
      await settled(count, 1);
      await writeFile(path, 'b');
      await settled(count, 2);
      await writeFile(join(folder, 'new'), 'c');
      await rename(join(folder, 'new'), path);
      await settled(count, 3);
      await writeFile(join(folder, 'new'), 'd');
      await rename(join(folder, 'new'), path);
      await settled(count, 4);
      await writeFile(join(folder, 'gatehouse.db'), 'x');
      await pause(150);
      expect(count()).toBe(4);
      await rm(path);
      await settled(count, 5);
    });
  });

  it('counts a burst once, and nothing after stop', async () => {
    let seen: () => number = () => -1;
    await counting(async (count) => {
      seen = count;
      // Without a turn of the loop in between, so that no machine is slow enough to make two bursts of it.
      for (let i = 0; i < 10; i += 1) writeFileSync(path, String(i));
      await settled(count, 1);
      await pause(150);
      expect(count()).toBe(1);
      // Positive control: a later write is counted.
      writeFileSync(path, 'later');
      await settled(count, 2);
      // Nor between this one and the stop.
      writeFileSync(path, 'last');
    });
    await pause(150);
    expect(seen()).toBe(2);
  });

  it('fails where there is no folder', () => {
    expect(() => createPolicyFile(join(folder, 'none', 'policy.yaml')).watch(() => undefined)).toThrow('cannot be watched');
  });
});

describe('installDefaultPolicy', () => {
  it('writes the default for the owner alone, once', async () => {
    const shipped = join(folder, 'default.yaml');
    await writeFile(shipped, 'version: 1\n');
    await chmod(shipped, 0o444);
    const umask = process.umask(0);
    try {
      expect(await installDefaultPolicy(path, shipped)).toBe(true);
    } finally {
      process.umask(umask);
    }
    expect(await readFile(path, 'utf8')).toBe('version: 1\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, 'mine');
    expect(await installDefaultPolicy(path, shipped)).toBe(false);
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('leaves a link that leads nowhere alone, and says when it cannot write', async () => {
    const shipped = join(folder, 'default.yaml');
    await writeFile(shipped, 'x');
    await symlink(join(folder, 'nowhere'), path);
    expect(await installDefaultPolicy(path, shipped)).toBe(false);
    await expect(stat(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(installDefaultPolicy(join(folder, 'none', 'p'), shipped)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(installDefaultPolicy(join(folder, 'q'), join(folder, 'no-default'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
