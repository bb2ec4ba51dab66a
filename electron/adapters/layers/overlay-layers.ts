import { statNow, type Held } from './descriptors.ts';
import { measureLayer } from './measure-layer.ts';
import { mountOverlays, type MountPrograms, type OverlaySource } from './mount-overlay.ts';
import { leaveOtherKinds } from './other-kind.ts';
import { prepareLayer } from './prepare-layer.ts';
import { scanLayer } from './scan-layer.ts';
import type { MakeLayers, TaskLayer } from './task-layer.ts';
import type { FileClock } from './file-clock.ts';

export interface OverlayDeps extends MountPrograms {
  readonly readClock: FileClock;
}

/** Layers as overlays in namespaces of their own. Errors: `unavailable`. */
export const overlayLayers =
  ({ readClock, ...programs }: OverlayDeps): MakeLayers =>
  async (sources, keep) => {
    const mounted: OverlaySource[] = [];
    const trash: string[] = [];
    for (const { workspace, real, folder, held } of sources) {
      const hasOther = await leaveOtherKinds(folder, 'overlay', held);
      const { upper, work, hasTrash } = await prepareLayer(folder, real, held);
      keep(upper.handle);
      keep(work.handle);
      if (hasTrash || hasOther) trash.push(folder.trash);
      mounted.push({ workspace, lower: real, upperPath: folder.upper, upper, workPath: folder.work, work });
    }
    const { user, mount, roots } = await mountOverlays(programs, mounted);
    for (const handle of [user, mount, ...roots]) keep(handle);
    const layers: TaskLayer[] = [];
    for (const [index, { workspace, lower, upper }] of mounted.entries()) {
      const handle = roots[index];
      if (handle === undefined) throw new Error('a layer was mounted and has no root');
      const merged: Held = { handle, stat: statNow({ handle }) };
      layers.push({
        workspace,
        merged,
        scan: async (isNewer) => scanLayer({ workspace, upper, real: lower, merged, isNewer }),
        bytes: async () => measureLayer(upper),
      });
    }
    return { namespaces: { user: user.fd, mount: mount.fd }, layers, trash, since: await readClock() };
  };
