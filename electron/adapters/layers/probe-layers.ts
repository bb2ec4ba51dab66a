import { mkdir, mkdtemp, readFile, readdir, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerStatus } from '../../../shared/domain/sandbox.ts';
import type { Runner } from '../../core/ports/runner.ts';
import { copyLayers, type CopyLimits } from './copy-layers.ts';
import { itself } from './descriptors.ts';
import type { FileClock } from './file-clock.ts';
import { fuseLayers } from './fuse-layers.ts';
import { removeLayers } from './layer-folder.ts';
import { overlayLayers } from './overlay-layers.ts';
import { openTaskLayers, type MakeLayers } from './task-layer.ts';

/** The kinds of layers that are made here, the best first. */
export type LayerKind = 'overlay' | 'fuse' | 'copy';

export interface ProbeDeps {
  readonly kinds: readonly LayerKind[];
  readonly runner: Runner;
  /** The whole path of a program; null when there is none. */
  readonly findProgram: (name: string) => Promise<string | null>;
  /** Where scratch layers are made. */
  readonly folder: string;
  readonly limits: CopyLimits;
  readonly readClock: FileClock;
}

/** What works here, and how it is made; `make` is null exactly when nothing does. */
export interface ProbedLayers {
  readonly status: LayerStatus;
  readonly make: MakeLayers | null;
}

const overlayFix =
  'install util-linux and allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), ' +
  'with Linux 5.11 or newer and the data directory on a local file system such as ext4, xfs or btrfs';
/** What is better than a copy where there can be no overlay. */
const fuseFix = ', or install fuse-overlayfs and bubblewrap and allow your user to open /dev/fuse';

/** Makes a real layer of each kind in the data directory, changes it in every way, and looks at both sides; the first kind that works is it. */
export const probeLayers = async (deps: ProbeDeps): Promise<ProbedLayers> => {
  const failures: string[] = [];
  for (const kind of deps.kinds) {
    const made = await makerOf(kind, deps);
    const failure = 'missing' in made ? `the program ${made.missing} was not found` : await tryKind(deps.folder, made.make);
    if (!('missing' in made) && failure === null) return { status: statusOf(kind, deps, failures), make: made.make };
    failures.push(`${titles[kind]}: ${failure ?? ''}`);
  }
  return { status: { kind: 'none', detail: failures.join('; '), fix: overlayFix + fuseFix }, make: null };
};

const titles: Record<LayerKind, string> = { overlay: 'overlay', fuse: 'fuse-overlayfs', copy: 'copy' };

type Maker = { readonly make: MakeLayers } | { readonly missing: string };

const makerOf = async (kind: LayerKind, { runner, findProgram, limits, readClock }: ProbeDeps): Promise<Maker> => {
  if (kind === 'copy') return { make: copyLayers({ limits, readClock, fix: overlayFix + fuseFix }) };
  const unshare = await findProgram('unshare');
  if (unshare === null) return { missing: 'unshare' };
  if (kind === 'overlay') return { make: overlayLayers({ runner, unshare, readClock }) };
  const [bash, bwrap, fuseOverlayfs] = await Promise.all(['bash', 'bwrap', 'fuse-overlayfs'].map(findProgram));
  if (typeof bash !== 'string') return { missing: 'bash' };
  if (typeof bwrap !== 'string') return { missing: 'bwrap' };
  if (typeof fuseOverlayfs !== 'string') return { missing: 'fuse-overlayfs' };
  return { make: fuseLayers({ programs: { unshare, bash, bwrap, fuseOverlayfs }, readClock }) };
};

const statusOf = (kind: LayerKind, { limits }: ProbeDeps, failures: readonly string[]): LayerStatus => {
  if (kind === 'fuse') return { kind, detail: ['fuse-overlayfs was mounted, written and read', ...failures].join('; '), fix: overlayFix };
  if (kind === 'overlay') return { kind, detail: 'an overlay in a user namespace was mounted, written and read', fix: null };
  const most = `${limits.entries.toLocaleString('en')} files and ${(limits.bytes / 1024 ** 3).toLocaleString('en')} GiB each`;
  return { kind, detail: [`workspaces are copied, up to ${most}`, ...failures].join('; '), fix: overlayFix + fuseFix };
};

/** Null: it works. */
const tryKind = async (folder: string, make: MakeLayers): Promise<string | null> => {
  const scratch = await realpath(await mkdtemp(join(folder, '.probe-')));
  try {
    await tryLayer(make, scratch);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await removeLayers(scratch);
  }
};

const tryLayer = async (make: MakeLayers, scratch: string): Promise<void> => {
  const workspace = join(scratch, 'workspace');
  await mkdir(workspace);
  await writeFile(join(workspace, 'kept'), 'real');
  await writeFile(join(workspace, 'deleted'), 'real');
  const taskFolder = join(scratch, 'task');
  const opened = await openTaskLayers({ make, taskFolder, workspaces: [workspace], held: [], checkWorkspace: async (path) => path });
  try {
    const [layer] = opened.layers;
    if (layer === undefined) throw new Error('nothing was made');
    const root = itself(layer.merged);
    await writeFile(`${root}/kept`, 'layer');
    await writeFile(`${root}/made`, 'layer');
    await rename(`${root}/made`, `${root}/moved`);
    await unlink(`${root}/deleted`);
    const seen = (await readdir(root)).sort().join();
    if (seen !== 'kept,moved' || (await readFile(`${root}/kept`, 'utf8')) !== 'layer')
      throw new Error('a layer does not show what was written to it');
    const real = (await readdir(workspace)).sort().join();
    if (real !== 'deleted,kept' || (await readFile(join(workspace, 'kept'), 'utf8')) !== 'real')
      throw new Error('a layer let a change through');
    const told = (await layer.scan(() => false)).changes.map((one) => one.path.slice(workspace.length + 1)).join();
    if (told !== 'deleted,kept,moved') throw new Error('a layer does not tell what was written to it');
  } finally {
    await opened.close();
  }
};
