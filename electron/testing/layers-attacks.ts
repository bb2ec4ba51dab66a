import { createHook } from 'node:async_hooks';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskId } from '../../shared/domain/identity.ts';
import type { LayerView } from '../core/ports/layers.ts';
import type { LayersWorld } from './layers-contract.ts';
import { treeDigest } from './tree-digest.ts';

const canary = `canary ${randomBytes(16).toString('hex')}`;
const canaryHash = createHash('sha256').update(canary).digest('hex');
/** Folders deep enough that no path names the last. */
const beyondPaths = 1200;

/** What a hostile program does to its layer, run as commands are: joined to the view's namespaces. */
export const describeLayersAttacks = (name: string, openWorld: () => Promise<LayersWorld>): void => {
  describe(`layers under attack: ${name}`, () => {
    let world: LayersWorld;
    let ws: string;
    let outside: string;
    let view: LayerView;
    let before: string;
    const task = TaskId.parse(`task_${randomBytes(8).toString('hex')}`);

    beforeEach(async () => {
      world = await openWorld();
      ws = world.workspace;
      outside = join(dirname(ws), 'outside');
      await mkdir(join(outside, 'x'), { recursive: true });
      await writeFile(join(outside, 'x/secret'), canary);
      await mkdir(join(ws, 'real/x'), { recursive: true });
      await writeFile(join(ws, 'real/x/file'), 'real');
      view = await world.layers.open(task, [ws], []);
      before = await treeDigest(ws);
    });
    afterEach(async () => {
      expect(await treeDigest(ws), 'the real tree').toBe(before);
      await view.close();
      await world.close();
    });

    const fd = (): number => view.roots[0]?.fd ?? -1;
    /** The arguments that run a program of ours inside the view, in the workspace. */
    const joined = (argv: readonly string[]): readonly [string, string[], { stdio: ('ignore' | 'pipe' | number)[] }] => [
      'nsenter',
      // nsenter's own --wd would be the real folder, opened before the namespace is entered.
      ['--user=/proc/self/fd/3', '--mount=/proc/self/fd/4', '--preserve-credentials', 'sh', '-c', 'cd "$0" && exec "$@"', ws, ...argv],
      { stdio: ['ignore', 'pipe', 'pipe', view.namespaces?.user ?? 'ignore', view.namespaces?.mount ?? 'ignore'] },
    ];
    const inside = (script: string): string => {
      const { status, stdout, stderr } = spawnSync(...joined(['sh', '-c', script]));
      return `${String(status)} ${stdout.toString()}${stderr.toString()}`.trim();
    };
    const names = async (): Promise<string[]> => (await view.scan()).changes.map((one) => one.path.slice(ws.length + 1));

    it('F39: what a joined program writes lands in the layer alone', async () => {
      expect(inside('echo mine > new; echo more >> real/x/file; rm -r real/x; cat new')).toBe('0 mine');
      expect(await names()).toEqual(['new', 'real/x', 'real/x/file']);
      expect(await readFile(join(ws, 'real/x/file'), 'utf8')).toBe('real');
    });

    it('F39: planted links are reported and never followed', async () => {
      await symlink(outside, `/proc/self/fd/${fd()}/way`);
      expect(inside(`rm -r real/x && ln -s '${outside}/x' real/x && ln -s / root && cat real/x/secret`)).toContain(canary);
      const { changes } = await view.scan();
      expect(changes.filter((one) => one.after?.type === 'symlink').map((one) => one.path.slice(ws.length + 1))).toEqual([
        'real/x',
        'root',
        'way',
      ]);
      expect(changes.map((one) => one.path.slice(ws.length + 1))).toEqual(['real/x', 'real/x/file', 'root', 'way']);
      await view.close();
      await world.layers.drop(task);
      expect(await readFile(join(outside, 'x/secret'), 'utf8')).toBe(canary);
    });

    it('F39: a folder swapped for a link while it is scanned leads nowhere', async () => {
      // Real folders, too: where the layer's folder is a link by then, the real one's content is deleted and not another's.
      inside('mkdir -p new/x && echo agent > new/x/secret && echo agent > new/x/other');
      const script = `cd new; i=0; while [ $i -lt 100000 ]; do mv x y; ln -s '${outside}/x' x; rm x; mv y x; i=$((i+1)); done`;
      const child = spawn(...joined(['sh', '-c', script]));
      const ended = new Promise((resolve) => child.once('close', resolve));
      const seen = new Set<string>();
      try {
        for (let round = 0; round < 400; round += 1) {
          const { changes } = await view.scan();
          for (const one of changes) {
            if (one.path === join(ws, 'new/x')) seen.add(one.after?.type ?? '');
            expect(one.after).not.toMatchObject({ sha256: canaryHash });
          }
        }
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
      // Positive control: the swap did happen under the scans' eyes.
      expect([...seen].sort()).toEqual(['directory', 'symlink']);
    });

    it('F39: sockets, pipes and devices stay behind, and marks of deletion cannot be forged', async () => {
      expect(inside('mkfifo pipe; mknod real/x/file2 c 0 0 2>/dev/null && echo forged')).not.toContain('forged');
      const listen = "require('node:net').createServer().listen('sock', () => process.exit(0))";
      expect(spawnSync(...joined([process.execPath, '-e', listen])).status).toBe(0);
      const { changes, skipped } = await view.scan();
      expect(changes).toEqual([]);
      // The socket's file goes with its listener on some versions of Node.
      expect(skipped.filter((path) => path !== join(ws, 'sock'))).toEqual([join(ws, 'pipe')]);
    });

    it('deeper than any path: told, measured, let go and removed', async () => {
      inside(`i=0; while [ $i -lt ${beyondPaths} ]; do mkdir dddd && cd dddd || exit 1; i=$((i+1)); done; echo deep > deep`);
      const { changes, skipped } = await view.scan();
      expect(changes.length).toBeGreaterThan(100);
      expect(skipped).toHaveLength(1);
      expect(await view.bytes()).toBeGreaterThan(0);
      await view.close();
      view = await world.layers.open(task, [ws], []);
      expect(await names()).toEqual([]);
      await view.close();
      await world.layers.drop(task);
      expect(await world.layers.list()).toEqual([]);
    }, 120_000);

    it('folders that nobody may enter are told, let go and removed', async () => {
      inside('mkdir -p locked/inner && echo x > locked/inner/x && chmod 000 locked/inner locked');
      const { changes } = await view.scan();
      expect(changes[0]).toMatchObject({ path: join(ws, 'locked'), after: { type: 'directory', mode: 0 } });
      await view.close();
      view = await world.layers.open(task, [ws], [join(ws, 'locked/inner/x')]);
      await view.close();
      view = await world.layers.open(task, [ws], []);
      expect(await readdir(`/proc/self/fd/${fd()}`)).toEqual(['real']);
    });

    it('costs what the change costs, not what the workspace does', async () => {
      const made = spawnSync('sh', ['-c', 'for f in $(seq 100); do mkdir f$f; (cd f$f && seq 200 | xargs touch); done'], { cwd: ws });
      expect(made.status).toBe(0);
      await view.close();
      view = await world.layers.open(task, [ws], []);
      before = await treeDigest(ws);
      inside('echo change > f50/100');
      let requests = 0;
      const hook = createHook({
        init(_id, type) {
          if (type.startsWith('FSREQ')) requests += 1;
        },
      }).enable();
      expect(await names()).toEqual(['f50/100']);
      const first = requests;
      hook.disable();
      // Only the listing of folders is told: what a name is, is asked at once.
      expect(first).toBeGreaterThan(1);
      expect(first).toBeLessThan(100);
    }, 120_000);

    it('hands its descriptors to nobody', () => {
      const { stdout } = spawnSync('sh', ['-c', 'ls -l /proc/self/fd'], { stdio: ['ignore', 'pipe', 'ignore'] });
      expect(stdout.toString()).toContain('/proc/');
      expect(stdout.toString()).not.toMatch(/layers-test|ns:|user:\[|mnt:\[/);
    });

    it('opens once, however many ask at the same time', async () => {
      await view.close();
      const views = await Promise.all(Array.from({ length: 20 }, async () => world.layers.open(task, [ws], [])));
      expect(new Set(views.map((one) => one.namespaces?.mount)).size).toBe(1);
      await Promise.all(views.map(async (one) => one.close()));
      expect(await world.layers.join(task)).toBeNull();
      await rm(join(outside, 'x/secret'));
    });
  });
};
