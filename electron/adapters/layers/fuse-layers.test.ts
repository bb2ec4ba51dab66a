import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TaskId } from '../../../shared/domain/identity.ts';
import type { LayerView, Layers } from '../../core/ports/layers.ts';
import { openRealRunner } from '../../testing/real-runner.ts';
import { openSandboxWorld } from '../../testing/sandbox-world.ts';
import { treeDigest } from '../../testing/tree-digest.ts';
import type { LayerKind } from './probe-layers.ts';
import { createLayers } from './layers.ts';

const task = TaskId.parse('task_0123456789abcdef');
const find = async (name: string): Promise<string> => `/usr/bin/${name}`;
const text = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

describe('layers by fuse-overlayfs', () => {
  let root: string;
  let ws: string;
  let layers: Layers;
  let view: LayerView | null;

  beforeAll(() => {
    // A container may have no node for the driver; only root can make it.
    if (!existsSync('/dev/fuse')) expect(spawnSync('mknod', ['/dev/fuse', 'c', '10', '229']).status, '/dev/fuse').toBe(0);
  });
  beforeEach(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'fuse-layers-')));
    ws = join(root, 'ws');
    mkdirSync(join(ws, 'sub'), { recursive: true });
    for (const name of ['a', 'b', 'sub/x', 'sub/y']) writeFileSync(join(ws, name), `real ${name}`);
    layers = make(['fuse']);
    view = null;
    expect(await layers.probe()).toMatchObject({ kind: 'fuse' });
  });
  afterEach(async () => {
    await view?.close();
    await layers.stop();
    rmSync(root, { recursive: true });
  });

  const make = (kinds: readonly LayerKind[] | null, findProgram: (name: string) => Promise<string | null> = find): Layers =>
    createLayers({
      runner: openRealRunner(),
      folder: join(root, 'layers'),
      checkWorkspace: async (path) => path,
      findProgram,
      ...(kinds === null ? {} : { kinds }),
    });
  const open = async (held: readonly string[] = []): Promise<string> => {
    await view?.close();
    view = await layers.open(
      task,
      [ws],
      held.map((path) => join(ws, path)),
    );
    return `/proc/self/fd/${String(view.roots[0]?.fd)}`;
  };
  const scan = async (): Promise<{ told: Record<string, string>; skipped: string[] }> => {
    const { changes, skipped } = (await view?.scan()) ?? { changes: [], skipped: [] };
    const say = (one: (typeof changes)[number]): string =>
      `${one.before === null ? 'made' : one.after === null ? 'deleted' : 'changed'}${one.isConflict ? ', in conflict' : ''}`;
    return {
      told: Object.fromEntries(changes.map((one) => [one.path.slice(ws.length + 1), say(one)])),
      skipped: skipped.map((path) => path.slice(ws.length + 1)),
    };
  };
  const inView = (script: string): { status: number | null; output: string } => {
    const spaces = view?.namespaces;
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      ['--user=/proc/self/fd/3', '--mount=/proc/self/fd/4', '--preserve-credentials', 'sh', '-c', `cd '${ws}' && ${script}`],
      { stdio: ['ignore', 'pipe', 'pipe', spaces?.user ?? 'ignore', spaces?.mount ?? 'ignore'], encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  };
  const upper = (): string => {
    const [folder = ''] = readdirSync(join(root, 'layers', task));
    return join(root, 'layers', task, folder, 'fuse/upper');
  };
  /** The processes of ours that serve a view. */
  const servers = (): string[] =>
    readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && text(`/proc/${pid}/comm`) === 'fuse-overlayfs\n' && text(`/proc/${pid}/mountinfo`).includes(root),
    );

  it('is served exactly while it is open, and is mounted in no namespace but its own', async () => {
    expect(servers()).toEqual([]);
    await open();
    expect(servers()).toHaveLength(1);
    expect(text('/proc/self/mountinfo')).not.toContain(ws);
    // Positive control: in the view's namespace it is.
    expect(inView('cat /proc/self/mountinfo').output).toContain(`${ws} rw,nosuid,nodev`);
    await view?.close();
    expect(servers()).toEqual([]);
  });

  it('F39: its server sees the workspace read-only, the layer, system programs, and no network', async () => {
    await open();
    const [pid = ''] = servers();
    expect(readdirSync(`/proc/${pid}/root`).sort()).toEqual(
      ['bin', 'etc', 'layer', 'lib', 'lib64', 'lower', 'proc', 'usr'].filter(
        (name) => existsSync(`/${name}`) || /^l(ower|ayer)$/.test(name),
      ),
    );
    expect(text(`/proc/${pid}/mountinfo`)).toMatch(/ \/lower ro,/);
    expect(text(`/proc/${pid}/mountinfo`)).toMatch(/ \/layer rw,/);
    expect(text(`/proc/${pid}/net/dev`).match(/\S+:/g)).toEqual(['lo:']);
    expect(readdirSync(`/proc/${pid}/fd`).map((fd) => realOf(`/proc/${pid}/fd/${fd}`))).not.toContain(ws);
    // Real system folders are given to it read-only, too.
    expect(text(`/proc/${pid}/mountinfo`)).toMatch(/ \/usr ro,/);
  });

  it('a file really named like a mark deletes nothing, and what it hides waits for the operator', async () => {
    for (const name of ['.wh.a', 'sub/.wh.x', 'sub/.wh.only', 'sub/z']) writeFileSync(join(ws, name), `real ${name}`);
    const before = await treeDigest(ws);
    const at = await open();
    // That is what fuse-overlayfs makes of them.
    expect(readdirSync(at).sort()).toEqual(['b', 'sub']);
    expect(readdirSync(`${at}/sub`).sort()).toEqual(['y', 'z']);
    expect(await scan()).toEqual({ told: {}, skipped: [] });
    writeFileSync(`${at}/sub/y`, 'agent');
    expect(await scan()).toEqual({ told: { 'sub/y': 'changed' }, skipped: [] });
    writeFileSync(`${at}/a`, 'agent, who has never seen what is there');
    expect((await scan()).told).toEqual({ a: 'changed, in conflict', 'sub/y': 'changed' });
    inView('rm -r sub && mkdir sub');
    // Made anew: what was shown is deleted, what was not stays.
    expect((await scan()).told).toEqual({ a: 'changed, in conflict', 'sub/y': 'deleted', 'sub/z': 'deleted' });
    inView('rm -r sub');
    expect((await scan()).told).toMatchObject({
      'sub/.wh.only': 'deleted, in conflict',
      'sub/.wh.x': 'deleted, in conflict',
      'sub/x': 'deleted, in conflict',
      'sub/y': 'deleted',
    });
    expect(await treeDigest(ws)).toBe(before);
  });

  it('F39: names like marks that a command makes delete no more than the task itself has lost sight of, and never leave the layer', async () => {
    const before = await treeDigest(ws);
    const seen = await open();
    const made = inView('touch t; mv t .wh.a; ln -s x .wh.b; mkdir sub/.wh.x; touch sub/.wh.y; mkdir .wh..wh..opq; ls');
    const { told, skipped } = await scan();
    // Whatever it comes to see as deleted is told as that, as after `rm`; and nothing else is.
    for (const [path, what] of Object.entries(told)) expect([what, existsSync(`${seen}/${path}`)], path).toEqual(['deleted', false]);
    expect(await treeDigest(ws)).toBe(before);
    // Positive control: some of them are in the layer.
    expect(made.output).toContain('Invalid argument');
    expect(readdirSync(upper())).toEqual(expect.arrayContaining(['.wh.a', '.wh.b', '.wh..wh..opq']));
    expect(skipped).toEqual(expect.arrayContaining(['.wh.b', 'sub/.wh.x']));
    // Nothing of it is kept.
    const at = await open();
    expect(readdirSync(at).sort()).toEqual(['a', 'b', 'sub']);
    expect(readdirSync(`${at}/sub`).sort()).toEqual(['x', 'y']);
  });

  it('understands the marks of machines on which no device 0:0 can be made, and keeps those that are held', async () => {
    const at = await open();
    writeFileSync(`${at}/a`, 'held, then marked');
    inView('touch sub/new && rm sub/new');
    await view?.close();
    for (const name of ['.wh.b', 'sub/.wh.x']) writeFileSync(join(upper(), name), '', { mode: 0o700 });
    const again = await open(['b', 'sub/x', 'a']);
    expect(readdirSync(again).sort()).toEqual(['a', 'sub']);
    expect(readdirSync(`${again}/sub`)).toEqual(['y']);
    expect(await scan()).toEqual({ told: { a: 'changed', b: 'deleted', 'sub/x': 'deleted' }, skipped: [] });
    await open();
    expect(await scan()).toEqual({ told: {}, skipped: [] });
  });

  it('tells a device 0:0 and a folder made anew by its marks, which are there', async () => {
    await open();
    expect(inView('rm a; rm -r sub; mkdir sub; touch sub/new').status).toBe(0);
    // Positive control: these are the marks.
    expect(lstatSync(join(upper(), 'a'))).toMatchObject({ rdev: 0 });
    expect(lstatSync(join(upper(), 'a')).isCharacterDevice()).toBe(true);
    expect(readdirSync(join(upper(), 'sub'))).toContain('.wh..wh..opq');
    expect(await scan()).toEqual({ told: { a: 'deleted', 'sub/new': 'made', 'sub/x': 'deleted', 'sub/y': 'deleted' }, skipped: [] });
  });

  it('a server that dies takes nothing with it: no deletion is told, and the next view works', async () => {
    const at = await open();
    inView('rm -r sub; mkdir sub; echo kept > sub/new');
    const [pid] = servers();
    process.kill(Number(pid), 'SIGKILL');
    await expect.poll(() => inView('cat a').status, { timeout: 10_000 }).not.toBe(0);
    expect(() => readdirSync(at)).toThrow();
    await expect(scan()).rejects.toThrow();
    expect(readFileSync(join(ws, 'sub/x'), 'utf8')).toBe('real sub/x');
    expect(readdirSync(`${await open()}/sub`).sort()).toEqual(['x', 'y']);
    expect(await scan()).toEqual({ told: {}, skipped: [] });
  });

  it('what a command has written is told before it has closed the file', async () => {
    await open();
    expect(inView('exec 5>>a; printf more >&5; sleep 2 & exit 0').status).toBe(0);
    expect((await scan()).told).toEqual({ a: 'changed' });
    expect(readFileSync(join(upper(), 'a'), 'utf8')).toBe('real amore');
  });

  it('is taken where the kernel’s overlay fails, and says why; without it, too, workspaces are copied', async () => {
    // The kernel's overlay needs this program's help; this one refuses it.
    const refusing = join(root, 'unshare');
    writeFileSync(
      refusing,
      '#!/bin/sh\ncase "$*" in *"-t overlay"*) echo "no overlay today" >&2; exit 1;; esac\nexec /usr/bin/unshare "$@"\n',
    );
    chmodSync(refusing, 0o755);
    const withoutOverlay = async (name: string): Promise<string> => (name === 'unshare' ? refusing : find(name));
    const second = await make(null, withoutOverlay).probe();
    expect(second).toMatchObject({ kind: 'fuse' });
    expect(second.detail).toMatch(/^fuse-overlayfs was mounted, written and read; overlay: .*no overlay today/);
    expect(second.fix).toContain('Linux 5.11');
    const last = await make(null, async (name) => (name === 'fuse-overlayfs' ? null : withoutOverlay(name))).probe();
    expect(last).toMatchObject({ kind: 'copy' });
    expect(last.detail).toMatch(/overlay: .*no overlay today; fuse-overlayfs: the program fuse-overlayfs was not found/);
    expect(last.fix).toContain('install fuse-overlayfs');
    // Positive control: without the refusal the kernel's is taken.
    expect(await make(null).probe()).toMatchObject({ kind: 'overlay', fix: null });
  });

  it('does not lose what another kind holds, and lets the rest of it go', async () => {
    const at = await open();
    writeFileSync(`${at}/a`, 'held');
    await view?.close();
    view = null;
    const others = make(['overlay']);
    await others.probe();
    await expect(others.open(task, [ws], [join(ws, 'a')])).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(join(upper(), 'a'), 'utf8')).toBe('held');
    const without = await others.open(task, [ws], []);
    expect((await without.scan()).changes).toEqual([]);
    await without.close();
    expect(readdirSync(join(upper(), '../..'))).not.toContain('fuse');
    // What the kernel keeps beside a layer only its owner may remove.
    await others.drop(task);
    await others.stop();
  });
});

const realOf = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
};

it('F59: real commands run on it: they see the layer, change it, and leave the real tree alone', async () => {
  const world = await openSandboxWorld();
  expect(await world.sandbox.probe()).toMatchObject({ effective: 'bubblewrap' });
  writeFileSync(join(world.workspace, 'old'), 'old\n');
  const layers = createLayers({
    runner: openRealRunner(),
    folder: join(world.data, 'layers'),
    checkWorkspace: async (path) => path,
    findProgram: find,
    kinds: ['fuse'],
  });
  expect(await layers.probe()).toMatchObject({ kind: 'fuse' });
  const view = await layers.open(task, [world.workspace], []);
  const mount = { kind: 'layer', view } as const;
  const first = await world.bash('cat old; echo new > made; rm old; chmod 755 made; id -u; pwd; ls /proc/self/fd', { mount });
  expect(first.output).toBe(`old\n${String(process.getuid?.())}\n${world.workspace}\n0\n1\n2\n3\n`);
  expect((await world.bash('cat made; ls', { mount })).output).toBe('new\nmade\n');
  expect((await view.scan()).changes.map((one) => [one.path.slice(world.workspace.length + 1), one.after === null])).toEqual([
    ['made', false],
    ['old', true],
  ]);
  expect(existsSync(join(world.workspace, 'made'))).toBe(false);
  expect(statSync(join(world.workspace, 'old')).size).toBe(4);
  // Positive control: without a layer it is the real tree that changes.
  await world.bash('echo new > made');
  expect(existsSync(join(world.workspace, 'made'))).toBe(true);
  await view.close();
  await layers.stop();
  await world.close();
});
