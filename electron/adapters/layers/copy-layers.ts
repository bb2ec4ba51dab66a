import { chmod, mkdir } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { readManifest, writeManifest, type KnownFolder } from './copy-manifest.ts';
import { holdFolder, itself, using, type Held } from './descriptors.ts';
import { nextTick, waitPast, type FileClock } from './file-clock.ts';
import type { LayerFolder } from './layer-folder.ts';
import { measureTree } from './measure-tree.ts';
import { leaveOtherKinds } from './other-kind.ts';
import { branchesOf } from './prune.ts';
import { refreshCopy } from './refresh-copy.ts';
import { measureCopy, scanCopy } from './scan-copy.ts';
import type { LayerSource, MakeLayers, TaskLayer } from './task-layer.ts';
import { modeOf } from './versions.ts';

/** What one workspace may have for being copied. */
export interface CopyLimits {
  readonly bytes: number;
  readonly entries: number;
}

export const copyLimits: CopyLimits = { bytes: 2 * 1024 ** 3, entries: 200_000 };

export interface CopyDeps {
  readonly limits: CopyLimits;
  readonly readClock: FileClock;
  /** What makes a better kind work on this machine. */
  readonly fix: string;
}

/**
 * Layers as copies of the workspaces, brought up to date whenever they are opened: for machines without overlays. No namespaces; costs what the
 * workspace costs. Errors: `unavailable` with the limit and the fix.
 */
export const copyLayers =
  (deps: CopyDeps): MakeLayers =>
  async (sources, keep) => {
    const since = await nextTick(deps.readClock);
    let latest = 0n;
    const layers: TaskLayer[] = [];
    for (const source of sources) {
      const { copy, known, made } = await prepareCopy(deps, source, since);
      keep(copy.handle);
      latest = made > latest ? made : latest;
      const { workspace, real } = source;
      layers.push({
        workspace,
        merged: copy,
        scan: async (isNewer) => scanCopy({ workspace, copy, real, known, isNewer }),
        bytes: async () => measureCopy(copy, known),
      });
    }
    // SECURITY: from here on no write can leave a file the ctime that the manifest has.
    await waitPast(deps.readClock, latest);
    return { namespaces: null, layers, trash: sources.map(({ folder }) => folder.trash), since };
  };

interface PreparedCopy {
  readonly copy: Held;
  readonly known: KnownFolder;
  /** The latest ctime of what was made. */
  readonly made: bigint;
}

const prepareCopy = async (deps: CopyDeps, source: LayerSource, started: bigint): Promise<PreparedCopy> => {
  const { workspace, real, folder, held } = source;
  await leaveOtherKinds(folder, 'copy', held);
  // 0700: nobody else gets past this folder, whatever the modes below it.
  for (const path of [folder.path, folder.copy, folder.trash]) await mkdir(path, { recursive: true, mode: 0o700 });
  const known = await readManifest(folder.manifest);
  const counting = countUp(deps, workspace);
  // Nothing is begun that cannot be completed.
  if (known === null) await measureTree(real, countUp(deps, workspace));
  const copy = await holdCopy(folder);
  try {
    let made = 0n;
    const fresh = await using(await holdFolder(folder.trash), async (trash) =>
      refreshCopy(
        { trash, started, count: counting, made: (stamp) => void (made = stamp > made ? stamp : made) },
        { copy, real, known, kept: held.length === 0 ? null : branchesOf(held), depth: 0 },
      ),
    );
    await chmod(itself(copy), modeOf(real));
    if (fresh !== known) await writeManifest(folder.manifest, fresh);
    return { copy, known: fresh, made };
  } catch (error) {
    await copy.handle.close();
    throw error;
  }
};

const holdCopy = async ({ copy }: LayerFolder): Promise<Held> => {
  const held = await holdFolder(copy);
  try {
    // A mode that the task gave to its view of the workspace may keep even us out.
    await chmod(itself(held), 0o700);
    return held;
  } catch (error) {
    await held.handle.close();
    throw error;
  }
};

const countUp = ({ limits, fix }: CopyDeps, workspace: string): ((bytes: number) => void) => {
  const left = { ...limits };
  return (bytes) => {
    left.bytes -= bytes;
    left.entries -= 1;
    if (left.bytes >= 0 && left.entries >= 0) return;
    const most = `${limits.entries.toLocaleString('en')} files and ${(limits.bytes / 1024 ** 3).toLocaleString('en')} GiB`;
    throw new AppError(
      'unavailable',
      `the workspace ${workspace} has more than ${most}, the most that is copied where no overlay works: take a smaller folder, or ${fix}`,
    );
  };
};
