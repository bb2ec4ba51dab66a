import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskId } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import type { LayerView, Layers } from '../core/ports/layers.ts';
import { openRealRunner } from './real-runner.ts';
import { treeDigest } from './tree-digest.ts';

const canary = `canary ${randomBytes(16).toString('hex')}`;
/** Folders deep enough that no path names the last. */
const beyondPaths = 1200;

/** What hostile programs and a restless real tree do to a task's copy. */
export const describeCopyAttacks = (who: string): void => {
  describe(`copies under attack: ${who}`, () => {
    let root: string;
    let ws: string;
    let outside: string;
    let layers: Layers;
    const task = TaskId.parse(`task_${randomBytes(8).toString('hex')}`);
    const views: LayerView[] = [];

    const start = async (limits?: { bytes: number; entries: number }): Promise<void> => {
      layers = createLayers({
        runner: openRealRunner(),
        folder: join(root, 'layers'),
        checkWorkspace: async (path) => path,
        findProgram: async () => null,
        ...(limits === undefined ? {} : { limits }),
      });
      const { kind, detail } = await layers.probe();
      expect(`${kind}: ${detail}`).toMatch(/^copy: .*overlay: the program unshare was not found/);
    };
    beforeEach(async () => {
      root = await realpath(await mkdtemp(join(tmpdir(), 'copy-test-')));
      ws = join(root, 'ws');
      outside = join(root, 'outside');
      await mkdir(join(outside, 'x'), { recursive: true });
      await writeFile(join(outside, 'x/secret'), canary);
      await mkdir(join(ws, 'real/x'), { recursive: true });
      await writeFile(join(ws, 'real/x/file'), 'real');
      await writeFile(join(ws, 'plain'), 'real');
      await start();
    });
    afterEach(async () => {
      await closeAll();
      for (const one of await layers.list()) await layers.drop(one);
      expect(await readFile(join(outside, 'x/secret'), 'utf8')).toBe(canary);
      await rm(root, { recursive: true });
    });

    const closeAll = async (): Promise<void> => {
      for (const view of views.splice(0)) await view.close();
    };
    /** Opens the view anew. */
    const open = async (...held: readonly string[]): Promise<LayerView> => {
      await closeAll();
      const view = await layers.open(
        task,
        [ws],
        held.map((path) => join(ws, path)),
      );
      views.push(view);
      return view;
    };
    const at = (view: LayerView, path = ''): string => `/proc/${String(process.pid)}/fd/${String(view.roots[0]?.fd)}/${path}`;
    /** What a command does in the copy. */
    const inside = (view: LayerView, script: string): void => {
      const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: at(view), stdio: ['ignore', 'ignore', 'pipe'] });
      expect(status, stderr.toString()).toBe(0);
    };
    const refusal = async (opening: Promise<LayerView>): Promise<string> =>
      opening.then(
        () => 'opened',
        (error: unknown) => (error instanceof AppError ? `${error.code}: ${error.message}` : String(error)),
      );
    const names = async (view: LayerView): Promise<string[]> => (await view.scan()).changes.map((one) => one.path.slice(ws.length + 1));
    const inodes = async (view: LayerView): Promise<bigint[]> =>
      Promise.all(['plain', 'real/x/file'].map(async (path) => (await lstat(at(view, path), { bigint: true })).ino));

    it('F39: no write is missed, however soon it comes, of whatever size and time it looks', async () => {
      for (let round = 0; round < 150; round += 1) {
        const text = `${String(round)} real`;
        await writeFile(join(ws, 'plain'), text);
        const view = await open();
        expect(await readFile(at(view, 'plain'), 'utf8')).toBe(text);
        const { atimeNs, mtimeNs } = await lstat(at(view, 'plain'), { bigint: true });
        await writeFile(at(view, 'plain'), text.replace('real', 'evil'));
        await utimes(at(view, 'plain'), Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
        expect(await names(view)).toEqual(['plain']);
        expect(await readFile(join(ws, 'plain'), 'utf8')).toBe(text);
      }
    });

    it('leaves what did not change alone, across restarts, and copies what did', async () => {
      const first = await inodes(await open());
      expect(await inodes(await open())).toEqual(first);
      await writeFile(join(ws, 'plain'), 'anew');
      await closeAll();
      await start();
      const view = await open();
      const [plain, file] = await inodes(view);
      expect([plain === first[0], file === first[1]]).toEqual([false, true]);
      expect(await readFile(at(view, 'plain'), 'utf8')).toBe('anew');
      // Nothing is known of a copy whose record is gone: it is made again.
      const [kept] = await readdir(join(root, 'layers', task));
      await writeFile(join(root, 'layers', task, String(kept), 'manifest.json'), '[["plain","');
      expect((await inodes(await open()))[1]).not.toBe(first[1]);
    });

    it('F39: a second name for a file of the copy leads nothing into it or the real tree', async () => {
      const before = await treeDigest(ws);
      let view = await open();
      inside(view, 'ln plain kept; ln real/x/file second; echo more >> second');
      expect(await names(view)).toEqual(['kept', 'real/x/file', 'second']);
      view = await open('kept');
      expect(await names(view)).toEqual(['kept']);
      await closeAll();
      expect(await treeDigest(ws)).toBe(before);
      await writeFile(join(ws, 'plain'), 'operator');
      view = await open('kept');
      expect(await readFile(at(view, 'kept'), 'utf8')).toBe('real');
      expect(await readFile(at(view, 'plain'), 'utf8')).toBe('operator');
    });

    it('F39: planted links are reported and never followed, also where something held lies behind them', async () => {
      const before = await treeDigest(outside);
      let view = await open();
      inside(
        view,
        `rm -r real/x && ln -s '${outside}/x' real/x && ln -s '${outside}' way && mkdir -p own/x && ln -s '${outside}/x' own/x/way`,
      );
      expect(await names(view)).toEqual(['own', 'own/x', 'own/x/way', 'real/x', 'real/x/file', 'way']);
      view = await open('real/x/secret', 'way/x/secret', 'own/x/way/secret');
      expect(await names(view)).toEqual(['real/x', 'real/x/file']);
      view = await open();
      expect(await names(view)).toEqual([]);
      expect(await readFile(at(view, 'real/x/file'), 'utf8')).toBe('real');
      expect(await treeDigest(outside)).toBe(before);
    });

    /** Swaps x for a link and back, for as long as it takes. */
    const swapping = async (folder: string, work: () => Promise<void>): Promise<void> => {
      const script = `while :; do mv x y; ln -s '${outside}/x' x; rm x; mv y x; done`;
      const child = spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore', detached: true });
      const ended = new Promise((resolve) => child.once('close', resolve));
      try {
        await work();
      } finally {
        // The shell's own child, too.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        await ended;
      }
    };

    it('F39: a folder of the copy swapped for a link while it is scanned leads nowhere', async () => {
      const view = await open();
      inside(view, 'mkdir -p new/x && echo agent > new/x/secret');
      const seen = new Set<string>();
      await swapping(at(view, 'new'), async () => {
        for (let round = 0; round < 400; round += 1) {
          for (const { path, after } of (await view.scan()).changes) {
            if (path === join(ws, 'new/x') && after !== null) seen.add(after.type);
            expect(after).not.toMatchObject({ size: canary.length });
          }
        }
      });
      // Positive control: the swap did happen under the scans' eyes.
      expect([...seen].sort()).toEqual(['directory', 'symlink']);
    });

    it('F39: a real folder swapped for a link while it is copied brings in nothing from outside', async () => {
      const seen = new Set<string>();
      await swapping(join(ws, 'real'), async () => {
        for (let round = 0; round < 300; round += 1) {
          const view = await open();
          const entry = await lstat(at(view, 'real/x')).catch(() => null);
          if (entry?.isSymbolicLink() === true) seen.add('symlink');
          if (entry?.isDirectory() === true) {
            seen.add('directory');
            expect(await readdir(at(view, 'real/x'))).not.toContain('secret');
          }
        }
      });
      expect([...seen].sort()).toEqual(['directory', 'symlink']);
      await rm(join(ws, 'real'), { recursive: true });
    });

    it('F39: sockets, pipes and devices are neither copied nor opened nor told as changes', async () => {
      spawnSync('mkfifo', [join(ws, 'pipe')]);
      const view = await open();
      expect((await readdir(at(view))).sort()).toEqual(['plain', 'real']);
      inside(view, 'mkfifo real/pipe; rm plain; mkfifo plain');
      const { changes, skipped } = await view.scan();
      expect(changes).toEqual([]);
      expect([...skipped].sort()).toEqual([join(ws, 'plain'), join(ws, 'real/pipe')]);
    });

    it('deeper than any path, and locked: told, measured, let go and removed', async () => {
      let view = await open();
      inside(
        view,
        `perl -e 'for (1..${String(beyondPaths)}) { mkdir "dddd"; chdir "dddd" or die } open F, ">deep" or die; print F "deep"'`,
      );
      inside(view, 'mkdir -p locked/inner && echo x > locked/inner/x && chmod 000 locked/inner locked real');
      const { changes, skipped } = await view.scan();
      expect(changes.find((one) => one.path === join(ws, 'locked'))?.after).toEqual({ type: 'directory', mode: 0 });
      expect(skipped.length).toBeGreaterThan(0);
      expect(await view.bytes()).toBe(Number.POSITIVE_INFINITY);
      view = await open('locked/inner/x');
      expect((await lstat(at(view, 'locked'))).mode & 0o777).toBe(0);
      view = await open();
      expect(await view.scan()).toEqual({ changes: [], skipped: [] });
      expect((await readdir(at(view))).sort()).toEqual(['plain', 'real']);
    }, 120_000);

    it('refuses a workspace beyond the limit before anything is copied, names the limit and the fix, and loses nothing held', async () => {
      await writeFile(join(ws, 'real/x/file'), 'more than ten bytes');
      for (const limits of [
        { bytes: 1024 ** 3, entries: 3 },
        { bytes: 10, entries: 100 },
      ]) {
        await start(limits);
        expect(await refusal(open())).toMatch(/^unavailable: .*more than .* files and .* GiB.*install/);
        const [folder] = await readdir(join(root, 'layers', task));
        expect(await readdir(join(root, 'layers', task, String(folder), 'copy'))).toEqual([]);
      }
      await start({ bytes: 1000, entries: 4 });
      await writeFile(at(await open(), 'plain'), 'held');
      await writeFile(join(ws, 'big'), '');
      await truncate(join(ws, 'big'), 2000);
      await expect(open('plain')).rejects.toMatchObject({ code: 'unavailable' });
      await unlink(join(ws, 'big'));
      expect(await readFile(at(await open('plain'), 'plain'), 'utf8')).toBe('held');
    });

    it('takes an unreadable or read-only folder as it is', async () => {
      await chmod(join(ws, 'real/x'), 0o555);
      await mkdir(join(ws, 'closed'));
      await chmod(join(ws, 'closed'), 0o000);
      for (let round = 0; round < 2; round += 1) {
        const view = await open();
        expect((await lstat(at(view, 'closed'))).mode & 0o777).toBe(0);
        expect((await lstat(at(view, 'real/x'))).mode & 0o777).toBe(0o555);
        expect(await readFile(at(view, 'real/x/file'), 'utf8')).toBe('real');
        expect((await view.scan()).changes).toEqual([]);
      }
      await closeAll();
      await chmod(join(ws, 'closed'), 0o700);
      await chmod(join(ws, 'real/x'), 0o700);
    });

    it('does not lose what is held in a layer of another kind, and lets the rest of it go', async () => {
      const overlays = createLayers({
        runner: openRealRunner(),
        folder: join(root, 'layers'),
        checkWorkspace: async (path) => path,
        findProgram: async (name) => `/usr/bin/${name}`,
      });
      expect(await overlays.probe()).toMatchObject({ kind: 'overlay' });
      const overlaid = await overlays.open(task, [ws], []);
      await writeFile(at(overlaid, 'plain'), 'held');
      await overlaid.close();
      expect(await refusal(open('plain'))).toMatch(/^unavailable: .*another kind \(overlay\)/);
      const again = await overlays.open(task, [ws], [join(ws, 'plain')]);
      expect(await readFile(at(again, 'plain'), 'utf8')).toBe('held');
      await again.close();
      await writeFile(at(await open(), 'plain'), 'held');
      await closeAll();
      await expect(overlays.open(task, [ws], [join(ws, 'plain')])).rejects.toMatchObject({ code: 'unavailable' });
      expect(await readFile(at(await open('plain'), 'plain'), 'utf8')).toBe('held');
      await closeAll();
      await overlays.stop();
    });

    it('refuses a workspace that became a link', async () => {
      await open();
      await closeAll();
      await rename(ws, `${ws}-elsewhere`);
      await symlink(outside, ws);
      await expect(open()).rejects.toMatchObject({ code: 'forbidden' });
      await unlink(ws);
      await rename(`${ws}-elsewhere`, ws);
      await open();
    });
  });
};
