import { mkdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { holdFolder, using, type Held } from './descriptors.ts';
import { holdWorkspace, isWithin, outermost } from './hold-workspace.ts';
import { discard, emptyTrash, layerFolder, makeLayerFolder, type LayerFolder } from './layer-folder.ts';
import { mountOverlays, type MountedOverlays, type OverlaySource } from './mount-overlay.ts';
import { branchesOf, prune } from './prune.ts';
import { descend } from './scan-layer.ts';

/** One mounted workspace. */
export interface MountedLayer {
  readonly workspace: string;
  readonly real: Held;
  readonly upper: Held;
  readonly merged: Held;
}

/** A task's layers as they are mounted now. */
export interface OpenedLayers {
  readonly user: FileHandle;
  readonly mount: FileHandle;
  readonly layers: readonly MountedLayer[];
  readonly roots: readonly { readonly workspace: string; readonly held: Held }[];
  /** In nanoseconds, by the file system's clock: what changed in the real tree from here on was not seen when the view was made. */
  readonly since: bigint;
  close(): Promise<void>;
}

export interface OpenTaskLayers {
  readonly unshare: string;
  readonly taskFolder: string;
  readonly workspaces: readonly string[];
  readonly held: readonly string[];
  readonly checkWorkspace: (path: string) => Promise<string>;
  /** The file system's clock now; see `since`. */
  readonly readClock: () => Promise<bigint>;
}

/** Prunes and mounts a task's layers. Errors: `forbidden`, `unavailable`. */
export const openTaskLayers = async (options: OpenTaskLayers): Promise<OpenedLayers> => {
  const { unshare, taskFolder, workspaces, checkWorkspace, readClock } = options;
  const opened: Held[] = [];
  const keep = (held: Held): Held => {
    opened.push(held);
    return held;
  };
  let mounted: MountedOverlays | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([...opened.map(async ({ handle }) => handle.close()), mounted?.user.close(), mounted?.mount.close()]);
  };
  try {
    const reals = new Map<string, Held>();
    for (const path of new Set(workspaces)) reals.set(path, keep(await holdWorkspace(path, checkWorkspace)));
    await mkdir(taskFolder, { recursive: true, mode: 0o700 });
    const sources: OverlaySource[] = [];
    for (const workspace of outermost(workspaces)) {
      const lower = reals.get(workspace);
      if (lower === undefined) continue;
      const folder = layerFolder(taskFolder, workspace);
      await prepare(folder, lower, relativeTo(workspace, options.held));
      const [upper, work] = [keep(await holdFolder(folder.upper)), keep(await holdFolder(folder.work))];
      sources.push({ workspace, lower, upperPath: folder.upper, upper, workPath: folder.work, work });
    }
    mounted = await mountOverlays(unshare, sources);
    const layers: MountedLayer[] = [];
    for (const [index, { workspace, lower, upper }] of sources.entries()) {
      const handle = mounted.roots[index];
      if (handle === undefined) continue;
      const merged = keep({ handle, stat: await handle.stat({ bigint: true }) });
      layers.push({ workspace, real: lower, upper, merged });
    }
    const roots: { workspace: string; held: Held }[] = [];
    for (const workspace of reals.keys()) roots.push({ workspace, held: keep(await rootOf(workspace, layers)) });
    return { user: mounted.user, mount: mounted.mount, layers, roots, since: await readClock(), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const rootOf = async (workspace: string, layers: readonly MountedLayer[]): Promise<Held> => {
  const layer = layers.find((one) => isWithin(workspace, one.workspace));
  const names = layer === undefined ? [] : workspace.slice(layer.workspace.length).split('/').slice(1);
  const held = layer === undefined ? null : await descend(layer.merged, names);
  if (held?.stat.isDirectory() === true) return held;
  await held?.handle.close();
  // SECURITY: without a root of its own, this workspace would be taken for one that has no layer.
  throw new AppError(
    'forbidden',
    `the workspace ${workspace} is no folder any more in what the task has changed: decide on its held changes`,
  );
};

const relativeTo = (workspace: string, held: readonly string[]): readonly (readonly string[])[] | null => {
  if (held.some((path) => path === workspace || isWithin(workspace, path))) return null;
  return held.filter((path) => isWithin(path, workspace)).map((path) => path.slice(workspace.length + 1).split('/'));
};

/** Lets go of what is not held. `held` null: everything is. */
const prepare = async (folder: LayerFolder, real: Held, held: readonly (readonly string[])[] | null): Promise<void> => {
  const mode = real.stat.mode;
  await makeLayerFolder(folder, mode);
  await using(await holdFolder(folder.path), async (parent) => {
    await using(await holdFolder(folder.trash), async (trash) => {
      // The work folder means something only while it is mounted.
      await discard(parent, 'work', trash);
      if (held === null) return;
      await using(await holdFolder(folder.upper), async (upper) => prune(upper, real, branchesOf(held), { trash, nursery: trash }));
    });
  });
  await makeLayerFolder(folder, mode);
  await emptyTrash(folder.trash);
};
