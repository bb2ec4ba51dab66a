import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Held } from './descriptors.ts';
import { holdWorkspace, isWithin, outermost } from './hold-workspace.ts';
import { layerFolder } from './layer-folder.ts';
import { mountOverlays, type MountedOverlays, type OverlaySource } from './mount-overlay.ts';
import { prepareLayer } from './prepare-layer.ts';
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
  /** Folders with what was let go, to be emptied whenever there is time. */
  readonly trash: readonly string[];
  /** Works with the descriptors; `close` waits for it. */
  use<T>(work: () => Promise<T>): Promise<T>;
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
  const { taskFolder, workspaces } = options;
  const closing: (() => Promise<void>)[] = [];
  const keep = <T extends Held | MountedOverlays>(opened: T): T => {
    closing.push(async () => ('handle' in opened ? opened.handle.close() : closeMounted(opened)));
    return opened;
  };
  const close = async (): Promise<void> => {
    await Promise.all(closing.splice(0).map(async (one) => one()));
  };
  try {
    const reals = new Map<string, Held>();
    for (const path of new Set(workspaces)) reals.set(path, keep(await holdWorkspace(path, options.checkWorkspace)));
    const sources: OverlaySource[] = [];
    const trash: string[] = [];
    for (const workspace of outermost(workspaces)) {
      const lower = reals.get(workspace);
      if (lower === undefined) continue;
      const folder = layerFolder(taskFolder, workspace);
      const { upper, work, hasTrash } = await prepareLayer(folder, lower, relativeTo(workspace, options.held));
      if (hasTrash) trash.push(folder.trash);
      sources.push({ workspace, lower, upperPath: folder.upper, upper: keep(upper), workPath: folder.work, work: keep(work) });
    }
    const { user, mount, roots: tops } = keep(await mountOverlays(options.unshare, sources));
    const layers: MountedLayer[] = [];
    for (const [index, { workspace, lower, upper }] of sources.entries()) {
      const handle = tops[index];
      if (handle !== undefined)
        layers.push({ workspace, real: lower, upper, merged: { handle, stat: await handle.stat({ bigint: true }) } });
    }
    const roots: { workspace: string; held: Held }[] = [];
    for (const workspace of reals.keys()) roots.push({ workspace, held: keep(await rootOf(workspace, layers)) });
    return { user, mount, layers, roots, trash, since: await options.readClock(), ...lending(close) };
  } catch (error) {
    await close();
    throw error;
  }
};

const closeMounted = async ({ user, mount, roots }: MountedOverlays): Promise<void> => {
  await Promise.all([user, mount, ...roots].map(async (handle) => handle.close()));
};

/** Descriptors are closed only when nothing uses them: their numbers are given to other files at once. */
const lending = (close: () => Promise<void>): Pick<OpenedLayers, 'use' | 'close'> => {
  const running = new Set<Promise<unknown>>();
  return {
    async use(work) {
      const done = work();
      running.add(done);
      return done.finally(() => running.delete(done));
    },
    async close() {
      await Promise.allSettled(running);
      await close();
    },
  };
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

/** Held paths below a workspace, as names. */
const relativeTo = (workspace: string, held: readonly string[]): readonly (readonly string[])[] =>
  held.filter((path) => path !== workspace && isWithin(path, workspace)).map((path) => path.slice(workspace.length + 1).split('/'));
