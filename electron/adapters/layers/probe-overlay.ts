import { mkdir, mkdtemp, readFile, readdir, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerStatus } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import { itself } from './descriptors.ts';
import { removeLayers } from './layer-folder.ts';
import { openTaskLayers } from './task-layer.ts';

const fix =
  'install util-linux and allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), ' +
  'with Linux 5.11 or newer and the data directory on a local file system such as ext4, xfs or btrfs';

const none = (detail: string): LayerStatus => ({ kind: 'none', detail, fix });

/** Makes a real layer in the data directory, changes it in every way, and looks at both sides. */
export const probeOverlay = async ({
  unshare,
  folder,
}: {
  readonly unshare: string | null;
  readonly folder: string;
}): Promise<LayerStatus> => {
  if (unshare === null) return none('the program unshare was not found');
  const scratch = await realpath(await mkdtemp(join(folder, '.probe-')));
  try {
    await tryLayer(unshare, scratch);
    return { kind: 'overlay', detail: 'an overlay in a user namespace was mounted, written and read', fix: null };
  } catch (error) {
    return none(error instanceof AppError || error instanceof Error ? error.message : String(error));
  } finally {
    await removeLayers(scratch);
  }
};

const tryLayer = async (unshare: string, scratch: string): Promise<void> => {
  const workspace = join(scratch, 'workspace');
  await mkdir(workspace);
  await writeFile(join(workspace, 'kept'), 'real');
  await writeFile(join(workspace, 'deleted'), 'real');
  const taskFolder = join(scratch, 'task');
  const opened = await openTaskLayers({
    unshare,
    taskFolder,
    workspaces: [workspace],
    held: [],
    checkWorkspace: async (path) => path,
    readClock: async () => 0n,
  });
  try {
    const [layer] = opened.layers;
    if (layer === undefined) throw new Error('nothing was mounted');
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
  } finally {
    await opened.close();
  }
};
