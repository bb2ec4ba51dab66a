import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFiles } from './files.ts';

let root: string;
beforeEach(async () => {
  expect(process.getuid?.(), 'permissions mean nothing to root').not.toBe(0);
  root = await realpath(await mkdtemp(join(tmpdir(), 'files-user-test-')));
  await mkdir(join(root, 'ws/locked'), { recursive: true });
  await writeFile(join(root, 'ws/secret'), 'secret', { mode: 0o000 });
  await writeFile(join(root, 'ws/open'), 'open');
  await chmod(join(root, 'ws/locked'), 0o500);
});
afterEach(async () => {
  await chmod(join(root, 'ws/locked'), 0o700);
  await rm(root, { recursive: true });
});

it('F39: says that the operating system refuses, and changes nothing', async () => {
  const files = createFiles({ protectedPaths: [join(root, 'own')], home: join(root, 'home') });
  const attempt = async (path: string, use: 'read' | 'write'): Promise<string> => {
    const held = await files.resolve([join(root, 'ws')], path);
    const done = use === 'read' ? held.read({ offset: 0, limit: 10 }) : held.write(Buffer.from('x'), {});
    return done
      .then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code,
      )
      .finally(async () => held.close());
  };
  expect(await attempt('secret', 'read')).toBe('forbidden');
  expect(await attempt('locked/new', 'write')).toBe('forbidden');
  expect(await attempt('open', 'read')).toBe('done');
  expect(await attempt('open', 'write')).toBe('done');
});
