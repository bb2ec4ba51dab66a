import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Held } from './descriptors.ts';
import type { FileClock } from './file-clock.ts';
import { withMarks } from './fuse-marks.ts';
import { mountFuse, type FusePrograms, type FuseSource } from './fuse-mount.ts';
import type { LayerFolder } from './layer-folder.ts';
import { measureLayer } from './measure-layer.ts';
import { leaveOtherKinds } from './other-kind.ts';
import { prepareLayer } from './prepare-layer.ts';
import { scanLayer } from './scan-layer.ts';
import type { MakeLayers, TaskLayer } from './task-layer.ts';

export interface FuseDeps {
  readonly programs: FusePrograms;
  readonly readClock: FileClock;
}

/** In a folder of its own: fuse-overlayfs's marks are not those of the kernel. */
const fuseFolder = (folder: LayerFolder): LayerFolder => {
  const path = folder.fuse;
  return { ...folder, path, upper: join(path, 'upper'), work: join(path, 'work'), trash: join(path, 'trash') };
};

/** Layers that fuse-overlayfs serves, confined, in namespaces of their own, for as long as they are open. Errors: `unavailable`. */
export const fuseLayers =
  ({ programs, readClock }: FuseDeps): MakeLayers =>
  async (sources, keep) => {
    const mounted: FuseSource[] = [];
    const trash: string[] = [];
    for (const { workspace, real, folder, held } of sources) {
      if (await leaveOtherKinds(folder, 'fuse', held)) trash.push(folder.trash);
      const own = fuseFolder(folder);
      const { upper, work, hasTrash } = await prepareLayer(own, real, withMarks(held));
      keep(upper.handle);
      keep(work.handle);
      if (hasTrash) trash.push(own.trash);
      mounted.push({ workspace, lower: real, layerPath: own.path, upper, work });
    }
    const { user, mount, roots, end } = await mountFuse(programs, mounted);
    for (const handle of [mount, ...roots]) keep(handle);
    const closeUser = async (): Promise<void> => {
      await user.close();
      await end();
    };
    keep({ fd: user.fd, close: closeUser });
    const layers: TaskLayer[] = [];
    for (const [index, { workspace, lower, upper, work }] of mounted.entries()) {
      const handle = roots[index];
      if (handle === undefined) throw new Error('a layer was mounted and has no root');
      const merged: Held = { handle, stat: fstatSync(handle.fd, { bigint: true }) };
      layers.push({
        workspace,
        merged,
        scan: async (isNewer) => scanLayer({ workspace, upper, real: lower, merged, isNewer, hasNameMarks: true }),
        // What was deleted while it is open is kept in the work folder.
        bytes: async () => (await measureLayer(upper)) + (await measureLayer(work)),
      });
    }
    return { namespaces: { user: user.fd, mount: mount.fd }, layers, trash, since: await readClock() };
  };
