import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, readdir, rename, rm, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileVersion } from '../../shared/domain/change.ts';
import { TaskId } from '../../shared/domain/identity.ts';
import type { LayerChange, LayerView, Layers } from '../core/ports/layers.ts';
import { treeDigest } from './tree-digest.ts';

export interface LayersWorld {
  /** Started, and its probe has said that it works. */
  readonly layers: Layers;
  /** A real folder, absolute, resolved and empty. */
  readonly workspace: string;
  /** The longest name that a task can make, in bytes; 255 by default, which is the kernel's own limit. */
  readonly longestName?: number;
  close(): Promise<void>;
}

const sha = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const show = (version: FileVersion | null): string => {
  if (version === null) return '-';
  if (version.type === 'symlink') return `-> ${version.target}`;
  const mode = version.mode.toString(8);
  return version.type === 'directory' ? `dir ${mode}` : `file ${mode} ${version.size} ${version.sha256.slice(0, 8)}`;
};
const file = (text: string, mode = 0o644): string => `file ${mode.toString(8)} ${Buffer.byteLength(text)} ${sha(text).slice(0, 8)}`;
const newTask = (): TaskId => TaskId.parse(`task_${randomBytes(8).toString('hex')}`);

/** What every `Layers` promises; run against the fake and against Linux. */
export const describeLayersContract = (name: string, openWorld: () => Promise<LayersWorld>): void => {
  describe(`layers contract: ${name}`, () => {
    let world: LayersWorld;
    let ws: string;
    let task: TaskId;
    let before: string;
    const views: LayerView[] = [];

    beforeEach(async () => {
      process.umask(0o022);
      world = await openWorld();
      ws = world.workspace;
      task = newTask();
      await mkdir(join(ws, 'src/deep'), { recursive: true });
      await writeFile(join(ws, 'a.txt'), 'one');
      await writeFile(join(ws, 'src/b.txt'), 'two');
      await writeFile(join(ws, 'src/deep/c.txt'), 'three');
      await symlink('a.txt', join(ws, 'link'));
    });
    afterEach(async () => {
      for (const view of views.splice(0)) await view.close();
      await world.close();
    });

    const open = async (held: readonly string[] = [], workspaces: readonly string[] = [ws]): Promise<LayerView> => {
      const view = await world.layers.open(task, workspaces, held);
      views.push(view);
      return view;
    };
    /** Opens a view and remembers what the real tree is: nothing done in the view may change it. */
    const openGuarded = async (held: readonly string[] = []): Promise<{ view: LayerView; at: (path: string) => string }> => {
      const view = await open(held);
      before = await treeDigest(ws);
      return { view, at: (path) => `/proc/self/fd/${String(view.roots[0]?.fd)}/${path}` };
    };
    const expectUntouched = async (): Promise<void> => expect(await treeDigest(ws), 'the real tree').toBe(before);
    const told = async (view: LayerView): Promise<Record<string, string>> => {
      const { changes } = await view.scan();
      return Object.fromEntries(changes.map((one) => [one.path.slice(ws.length + 1), `${show(one.before)} => ${show(one.after)}`]));
    };
    const conflicts = async (view: LayerView): Promise<string[]> =>
      (await view.scan()).changes.filter((one: LayerChange) => one.isConflict).map((one) => one.path.slice(ws.length + 1));
    const reopen = async (view: LayerView, held: readonly string[]): Promise<Awaited<ReturnType<typeof openGuarded>>> => {
      await view.close();
      return openGuarded(held);
    };

    it('shows the real tree, and reports nothing while nothing was changed', async () => {
      const { view, at } = await openGuarded();
      expect((await readdir(at('.'))).sort()).toEqual(['a.txt', 'link', 'src']);
      expect(await readFile(at('src/deep/c.txt'), 'utf8')).toBe('three');
      expect(view.task).toBe(task);
      expect(view.roots.map((root) => root.workspace)).toEqual([ws]);
      expect(await view.scan()).toEqual({ changes: [], skipped: [] });
      await expectUntouched();
    });

    it('keeps every kind of change in the layer, and reports it', async () => {
      const { view, at } = await openGuarded();
      await writeFile(at('a.txt'), 'changed');
      await writeFile(at('new.txt'), 'new');
      await mkdir(at('made/inner'), { recursive: true });
      await writeFile(at('made/inner/x'), 'x');
      await chmod(at('src/b.txt'), 0o755);
      await unlink(at('link'));
      await symlink('/etc/passwd', at('link'));
      await rename(at('src/deep/c.txt'), at('src/moved.txt'));
      expect(await told(view)).toEqual({
        'a.txt': `${file('one')} => ${file('changed')}`,
        link: '-> a.txt => -> /etc/passwd',
        made: '- => dir 755',
        'made/inner': '- => dir 755',
        'made/inner/x': `- => ${file('x')}`,
        'new.txt': `- => ${file('new')}`,
        'src/b.txt': `${file('two')} => ${file('two', 0o755)}`,
        'src/deep/c.txt': `${file('three')} => -`,
        'src/moved.txt': `- => ${file('three')}`,
      });
      const { changes } = await view.scan();
      expect(changes.map((one) => one.path)).toEqual([...changes.map((one) => one.path)].sort());
      expect(changes.every((one) => one.workspace === ws && !one.isConflict)).toBe(true);
      await expectUntouched();
    });

    it('lists everything in a deleted folder, the folder first', async () => {
      const { view, at } = await openGuarded();
      await rm(at('src'), { recursive: true });
      expect(Object.entries(await told(view))).toEqual([
        ['src', 'dir 755 => -'],
        ['src/b.txt', `${file('two')} => -`],
        ['src/deep', 'dir 755 => -'],
        ['src/deep/c.txt', `${file('three')} => -`],
      ]);
      await expectUntouched();
    });

    it('tells a folder that was removed and made anew from one that was only added to', async () => {
      const { view, at } = await openGuarded();
      await rm(at('src'), { recursive: true });
      await mkdir(at('src'));
      await writeFile(at('src/fresh'), 'fresh');
      await mkdir(at('src/deep'));
      expect(await told(view)).toEqual({
        'src/b.txt': `${file('two')} => -`,
        'src/deep/c.txt': `${file('three')} => -`,
        'src/fresh': `- => ${file('fresh')}`,
      });
      await expectUntouched();
    });

    it('reports a folder that became a file, and a file that became a folder', async () => {
      const { view, at } = await openGuarded();
      await rm(at('src'), { recursive: true });
      await writeFile(at('src'), 'file');
      await unlink(at('a.txt'));
      await mkdir(at('a.txt'));
      await writeFile(at('a.txt/in'), 'in');
      expect(await told(view)).toEqual({
        'a.txt': `${file('one')} => dir 755`,
        'a.txt/in': `- => ${file('in')}`,
        src: `dir 755 => ${file('file')}`,
        'src/b.txt': `${file('two')} => -`,
        'src/deep': 'dir 755 => -',
        'src/deep/c.txt': `${file('three')} => -`,
      });
      await expectUntouched();
    });

    it('does not report what ends as it began', async () => {
      const { view, at } = await openGuarded();
      await writeFile(at('a.txt'), 'other');
      await writeFile(at('a.txt'), 'one');
      await chmod(at('src/b.txt'), 0o600);
      await chmod(at('src/b.txt'), 0o644);
      await rename(at('src/deep/c.txt'), at('src/deep/d.txt'));
      await rename(at('src/deep/d.txt'), at('src/deep/c.txt'));
      await utimes(at('src/deep'), 1, 1);
      expect(await view.scan()).toEqual({ changes: [], skipped: [] });
      await expectUntouched();
    });

    it('reports hard links as files of their own, and sparse files by their whole content', async () => {
      const { view, at } = await openGuarded();
      await link(at('a.txt'), at('hard'));
      await writeFile(at('sparse'), '');
      await truncate(at('sparse'), 5_000_000);
      const changes = await told(view);
      expect(changes.hard).toBe(`- => ${file('one')}`);
      expect(changes.sparse).toBe(`- => file 644 5000000 ${sha(Buffer.alloc(5_000_000)).slice(0, 8)}`);
      expect(await view.bytes()).toBeLessThan(1_000_000);
      await expectUntouched();
    });

    it('takes names of every kind, and leaves out those that are no Unicode', async () => {
      const { view, at } = await openGuarded();
      const odd = [
        'with space',
        'com,ma',
        'co:lon',
        'back\\slash',
        'new\nline',
        '-rf',
        "quo'te",
        'ünï',
        '🎉',
        '...',
        'x'.repeat(world.longestName ?? 255),
      ];
      for (const one of odd) await writeFile(at(one), one);
      await writeFile(Buffer.concat([Buffer.from(at('bad-')), Buffer.from([0xff, 0xfe])]), 'bad');
      const { changes, skipped } = await view.scan();
      expect(changes.map((one) => one.path.slice(ws.length + 1)).sort()).toEqual([...odd].sort());
      expect(skipped).toEqual([`${ws}/bad-\uFFFD\uFFFD`]);
      await expectUntouched();
    });

    it('keeps what is held when it is opened again, and lets the rest go', async () => {
      const { view, at } = await openGuarded();
      await writeFile(at('a.txt'), 'held');
      await writeFile(at('gone.txt'), 'gone');
      await mkdir(at('made/inner'), { recursive: true });
      await writeFile(at('made/inner/held'), 'held');
      await writeFile(at('made/inner/gone'), 'gone');
      await unlink(at('src/b.txt'));
      await writeFile(at('src/deep/c.txt'), 'gone');
      const again = await reopen(
        view,
        ['a.txt', 'made/inner/held', 'src/b.txt'].map((path) => join(ws, path)),
      );
      expect(await told(again.view)).toEqual({
        'a.txt': `${file('one')} => ${file('held')}`,
        made: '- => dir 755',
        'made/inner': '- => dir 755',
        'made/inner/held': `- => ${file('held')}`,
        'src/b.txt': `${file('two')} => -`,
      });
      expect(await readFile(again.at('src/deep/c.txt'), 'utf8')).toBe('three');
      await expectUntouched();
      const last = await reopen(again.view, []);
      expect(await told(last.view)).toEqual({});
      expect(await readFile(last.at('a.txt'), 'utf8')).toBe('one');
    });

    it('shows what became real beside a held file in a folder that the task made', async () => {
      const { view, at } = await openGuarded();
      await mkdir(at('made'));
      await writeFile(at('made/held'), 'held');
      await writeFile(at('made/applied'), 'applied');
      await view.close();
      await mkdir(join(ws, 'made'));
      await writeFile(join(ws, 'made/applied'), 'applied, then edited by the operator');
      const again = await openGuarded([join(ws, 'made/held')]);
      expect(await readFile(again.at('made/applied'), 'utf8')).toBe('applied, then edited by the operator');
      expect(await told(again.view)).toEqual({ 'made/held': `- => ${file('held')}` });
      await expectUntouched();
    });

    it('keeps held deletions of a folder that was made anew', async () => {
      const { view, at } = await openGuarded();
      await rm(at('src'), { recursive: true });
      await mkdir(at('src'));
      await writeFile(at('src/fresh'), 'fresh');
      const again = await reopen(
        view,
        ['src/b.txt', 'src/fresh', 'src/deep', 'src/deep/c.txt'].map((path) => join(ws, path)),
      );
      expect(Object.keys(await told(again.view))).toEqual(['src/b.txt', 'src/deep', 'src/deep/c.txt', 'src/fresh']);
      expect(await readdir(again.at('src'))).toEqual(['fresh']);
      await expectUntouched();
    });

    it('names a conflict when the real file changed since, unless the gateway itself changed it', async () => {
      const { view, at } = await openGuarded();
      for (const one of ['a.txt', 'src/b.txt', 'new.txt']) await writeFile(at(one), 'agent');
      await unlink(at('src/deep/c.txt'));
      expect(await conflicts(view)).toEqual([]);
      await writeFile(join(ws, 'src/b.txt'), 'applied');
      await world.layers.applied(task, [join(ws, 'src/b.txt')]);
      expect(await conflicts(view)).toEqual([]);
      for (const one of ['a.txt', 'new.txt', 'src/deep/c.txt']) await writeFile(join(ws, one), 'operator');
      expect(await conflicts(view)).toEqual(['a.txt', 'new.txt', 'src/deep/c.txt']);
      await writeFile(join(ws, 'src/b.txt'), 'operator, after the gateway');
      expect(await conflicts(view)).toEqual(['a.txt', 'new.txt', 'src/b.txt', 'src/deep/c.txt']);
    });

    it.each([[[]], [['kept']]])('shows what the operator did to the real tree between two calls, holding %j', async (names: string[]) => {
      await writeFile(join(ws, 'gone.txt'), 'one');
      const { view, at } = await openGuarded();
      await writeFile(at('kept'), 'held');
      expect((await readdir(at(''))).sort()).toEqual(['a.txt', 'gone.txt', 'kept', 'link', 'src']);
      expect(await readFile(at('src/b.txt'), 'utf8')).toBe('two');
      await view.close();
      for (const name of ['created', 'a.txt']) await writeFile(join(ws, name), 'by the operator');
      await unlink(join(ws, 'gone.txt'));
      await rm(join(ws, 'src'), { recursive: true });
      await mkdir(join(ws, 'src'));
      await writeFile(join(ws, 'src/other'), 'by the operator');
      const again = await openGuarded(names.map((name) => join(ws, name)));
      expect((await readdir(again.at(''))).sort()).toEqual(['a.txt', 'created', ...names, 'link', 'src']);
      expect(await readdir(again.at('src'))).toEqual(['other']);
      for (const name of ['created', 'a.txt', 'src/other']) expect(await readFile(again.at(name), 'utf8')).toBe('by the operator');
      expect(Object.keys(await told(again.view))).toEqual(names);
      await expectUntouched();
    });

    it('shares one view while any is open', async () => {
      expect(await world.layers.join(task)).toBeNull();
      const [one, two] = await Promise.all([open(), open([join(ws, 'nothing')])]);
      await writeFile(`/proc/self/fd/${String(one.roots[0]?.fd)}/shared`, 'shared');
      expect(await readFile(`/proc/self/fd/${String(two.roots[0]?.fd)}/shared`, 'utf8')).toBe('shared');
      await one.close();
      await one.close();
      const three = await world.layers.join(task);
      if (three !== null) views.push(three);
      expect(Object.keys(await told(three ?? two))).toEqual(['shared']);
      await two.close();
      await three?.close();
      expect(await world.layers.join(task)).toBeNull();
    });

    it('keeps tasks apart', async () => {
      const { view, at } = await openGuarded();
      await writeFile(at('a.txt'), 'mine');
      task = newTask();
      const other = await openGuarded();
      expect(await readFile(other.at('a.txt'), 'utf8')).toBe('one');
      expect(await told(other.view)).toEqual({});
      expect(Object.keys(await told(view))).toEqual(['a.txt']);
    });

    it('gives a workspace inside another a root in the same layer', async () => {
      const view = await open([], [ws, join(ws, 'src')]);
      const [outer, inner] = [ws, join(ws, 'src')].map((path) => view.roots.find((root) => root.workspace === path)?.fd);
      await writeFile(`/proc/self/fd/${String(inner)}/b.txt`, 'inner');
      expect(await readFile(`/proc/self/fd/${String(outer)}/src/b.txt`, 'utf8')).toBe('inner');
      expect(Object.keys(await told(view))).toEqual(['src/b.txt']);
    });

    it('removes a layer, once it is closed', async () => {
      const { view, at } = await openGuarded();
      await mkdir(at('closed'));
      await writeFile(at('closed/x'), 'x');
      await chmod(at('closed'), 0o000);
      expect(await world.layers.list()).toEqual([task]);
      await expect(world.layers.drop(task)).rejects.toMatchObject({ code: 'conflict' });
      await view.close();
      await world.layers.drop(task);
      expect(await world.layers.list()).toEqual([]);
      expect(await told((await openGuarded([join(ws, 'closed')])).view)).toEqual({});
      await expectUntouched();
    });

    it('refuses a workspace that became a link', async () => {
      await rename(ws, `${ws}-elsewhere`);
      await symlink(`${ws}-elsewhere`, ws);
      await expect(open()).rejects.toMatchObject({ code: 'forbidden' });
      await unlink(ws);
      await rename(`${ws}-elsewhere`, ws);
      await open();
    });
  });
};
