import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Files, HeldPath } from '../core/ports/files.ts';

/** One world for the contract: a workspace, a folder beside it whose name starts the same, and the gateway's own folder. */
export interface FilesWorld {
  readonly files: Files;
  /** Holds `hello.txt` ("hello") and `src/deep/a.ts` ("let a;"). */
  readonly workspace: string;
  /** `<workspace>-other`, holding `canary` ("secret"). */
  readonly sibling: string;
  /** Below the workspace's parent; holds `gatehouse.db`. */
  readonly own: string;
  put(path: string, content: string): Promise<void>;
  get(path: string): Promise<string | null>;
  close(): Promise<void>;
}

/** What every `Files` promises; run against the fake and against Linux. */
export const describeFilesContract = (name: string, open: () => Promise<FilesWorld>): void => {
  describe(`files contract: ${name}`, () => {
    let world: FilesWorld;
    const held: HeldPath[] = [];
    beforeEach(async () => {
      world = await open();
    });
    afterEach(async () => {
      for (const path of held.splice(0)) await path.close();
      await world.close();
    });
    const resolve = async (path: string): Promise<HeldPath> => {
      const found = await world.files.resolve([world.workspace], path);
      held.push(found);
      return found;
    };
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

    it('reads what is in the workspace, by relative and by absolute path', async () => {
      const relative = await resolve('hello.txt');
      expect(relative).toMatchObject({ path: `${world.workspace}/hello.txt`, workspace: world.workspace, kind: 'file', size: 5 });
      expect(text(await relative.read({ offset: 0, limit: 100 }))).toBe('hello');
      const absolute = await resolve(`${world.workspace}/src/../hello.txt`);
      expect(text(await absolute.read({ offset: 1, limit: 3 }))).toBe('ell');
    });

    it('refuses what lies outside, and reads nothing of it', async () => {
      for (const path of [
        '../../etc/passwd',
        '/etc/passwd',
        '..',
        'src/../../x',
        `${world.sibling}/canary`,
        `../${world.sibling.split('/').at(-1) ?? ''}/canary`,
      ]) {
        await expect(resolve(path), path).rejects.toMatchObject({ code: 'forbidden' });
      }
    });

    it('refuses the gateway’s own folder even where it lies in a workspace', async () => {
      const parent = world.own.slice(0, world.own.lastIndexOf('/'));
      await expect(world.files.resolve([parent], `${world.own}/gatehouse.db`)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.files.resolve([parent], world.own)).rejects.toMatchObject({ code: 'forbidden' });
      await expect(world.files.resolve([world.own], 'gatehouse.db')).rejects.toMatchObject({ code: 'forbidden' });
    });

    it('refuses malformed paths and tokens without a workspace', async () => {
      for (const path of ['', 'a\0b', 'x'.repeat(300), 'x/'.repeat(3000)]) {
        await expect(resolve(path)).rejects.toMatchObject({ code: 'invalid_input' });
      }
      await expect(world.files.resolve([], 'hello.txt')).rejects.toMatchObject({ code: 'invalid_input' });
    });

    it('tells a missing file from a missing folder', async () => {
      const missing = await resolve('src/new.txt');
      expect(missing.kind).toBeNull();
      await expect(missing.read({ offset: 0, limit: 1 })).rejects.toMatchObject({ code: 'not_found' });
      await expect(resolve('nowhere/new.txt')).rejects.toMatchObject({ code: 'not_found' });
    });

    it('writes new content in place of old, and new files', async () => {
      await (await resolve('hello.txt')).write(Buffer.from('goodbye'), {});
      expect(await world.get(`${world.workspace}/hello.txt`)).toBe('goodbye');
      await (await resolve('src/new.txt')).write(Buffer.from('new'), {});
      expect(await world.get(`${world.workspace}/src/new.txt`)).toBe('new');
    });

    it('refuses to write or read over a change since the path was resolved', async () => {
      const path = await resolve('hello.txt');
      const missing = await resolve('fresh.txt');
      await world.put(`${world.workspace}/hello.txt`, 'changed by another');
      await world.put(`${world.workspace}/fresh.txt`, 'made by another');
      await expect(path.write(Buffer.from('mine'), {})).rejects.toMatchObject({ code: 'conflict' });
      await expect(missing.write(Buffer.from('mine'), {})).rejects.toMatchObject({ code: 'conflict' });
      await expect(path.read({ offset: 0, limit: 10 })).rejects.toMatchObject({ code: 'conflict' });
      expect(await world.get(`${world.workspace}/hello.txt`)).toBe('changed by another');
      expect(await world.get(`${world.workspace}/fresh.txt`)).toBe('made by another');
    });

    it('lists a folder in order and goes down by one name', async () => {
      const root = await resolve('.');
      expect(root.kind).toBe('directory');
      expect((await root.list()).map((entry) => `${entry.name}:${entry.kind}`)).toEqual(['hello.txt:file', 'src:directory']);
      const src = await root.child('src');
      held.push(src);
      const deep = await src.child('deep');
      held.push(deep);
      const file = await deep.child('a.ts');
      held.push(file);
      expect(text(await file.read({ offset: 0, limit: 100 }))).toBe('let a;');
      for (const name of ['..', '.', '', 'a/b']) await expect(src.child(name)).rejects.toMatchObject({ code: 'invalid_input' });
      await expect((await resolve('hello.txt')).list()).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(root.read({ offset: 0, limit: 1 })).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(root.write(Buffer.from('x'), {})).rejects.toMatchObject({ code: 'invalid_input' });
    });

    it('hashes the content as it is now, up to a limit', async () => {
      const path = await resolve('hello.txt');
      expect(await path.sha256(5)).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
      await expect(path.sha256(4)).rejects.toMatchObject({ code: 'invalid_input' });
    });

    it('takes a project’s folder for a workspace, and neither / nor the gateway’s own folder nor what is not there', async () => {
      expect(await world.files.checkWorkspace(world.workspace)).toBe(world.workspace);
      const parent = world.own.slice(0, world.own.lastIndexOf('/'));
      for (const path of ['/', world.own, parent, `${world.workspace}/nowhere`, 'relative']) {
        await expect(world.files.checkWorkspace(path), path).rejects.toMatchObject({ code: 'invalid_input' });
      }
    });
  });
};
