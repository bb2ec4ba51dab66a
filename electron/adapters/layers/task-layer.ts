import { AppError } from '../../../shared/errors.ts';
import type { LayerNamespaces } from '../../core/ports/layers.ts';
import type { Handle, Held } from './descriptors.ts';
import { holdWorkspace, isWithin, outermost } from './hold-workspace.ts';
import { layerFolder, type LayerFolder } from './layer-folder.ts';
import { descend, type ScanResult, type ScanSource } from './scan-layer.ts';

/** A workspace that is to have a layer. */
export interface LayerSource {
  readonly workspace: string;
  readonly real: Held;
  readonly folder: LayerFolder;
  /** What stays of what the task did, as names below the workspace. */
  readonly held: readonly (readonly string[])[];
}

/** One workspace's layer, as it is open now. */
export interface TaskLayer {
  readonly workspace: string;
  readonly merged: Held;
  scan(isNewer: ScanSource['isNewer']): Promise<ScanResult>;
  bytes(): Promise<number>;
}

export interface MadeLayers {
  /** Null where the layers need none. */
  readonly namespaces: LayerNamespaces | null;
  readonly layers: readonly TaskLayer[];
  /** Folders with what was let go, to be emptied whenever there is time. */
  readonly trash: readonly string[];
  /** In nanoseconds, by the file system's clock: what changed in the real tree from here on was not seen when the view was made. */
  readonly since: bigint;
}

/** One kind of layers. `keep` takes what is to be closed with them, also when the making fails. Errors: `unavailable`. */
export type MakeLayers = (sources: readonly LayerSource[], keep: (handle: Handle) => void) => Promise<MadeLayers>;

/** A task's layers as they are open now. */
export interface OpenedLayers extends MadeLayers {
  readonly roots: readonly { readonly workspace: string; readonly held: Held }[];
  /** Works with the descriptors; `close` waits for it. */
  use<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OpenTaskLayers {
  readonly make: MakeLayers;
  readonly taskFolder: string;
  readonly workspaces: readonly string[];
  readonly held: readonly string[];
  readonly checkWorkspace: (path: string) => Promise<string>;
}

/** Prunes and makes a task's layers. Errors: `forbidden`, `unavailable`. */
export const openTaskLayers = async ({ make, taskFolder, workspaces, held, checkWorkspace }: OpenTaskLayers): Promise<OpenedLayers> => {
  const closing: Handle[] = [];
  const keep = (handle: Handle): void => void closing.push(handle);
  const close = async (): Promise<void> => {
    await Promise.all(closing.splice(0).map(async (handle) => handle.close()));
  };
  try {
    const reals = new Map<string, Held>();
    for (const path of new Set(workspaces)) {
      const real = await holdWorkspace(path, checkWorkspace);
      keep(real.handle);
      reals.set(path, real);
    }
    const sources = outermost(workspaces).flatMap((workspace): LayerSource[] => {
      const real = reals.get(workspace);
      return real === undefined ? [] : [{ workspace, real, folder: layerFolder(taskFolder, workspace), held: relativeTo(workspace, held) }];
    });
    const made = await make(sources, keep);
    const roots: { workspace: string; held: Held }[] = [];
    for (const workspace of reals.keys()) {
      const root = await rootOf(workspace, made.layers);
      keep(root.handle);
      roots.push({ workspace, held: root });
    }
    return { ...made, roots, ...lending(close) };
  } catch (error) {
    await close();
    throw error;
  }
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

const rootOf = async (workspace: string, layers: readonly TaskLayer[]): Promise<Held> => {
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
