import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Layers } from '../core/ports/layers.ts';
import type { LayersWorld } from './layers-contract.ts';

/** Layers in a folder of their own beside an empty workspace, both with paths that are as awkward as paths may be. */
export const openLayersWorld = async (kind: string, create: (folder: string) => Layers): Promise<LayersWorld> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'layers-test-')));
  const data = join(root, 'da,ta:\\ dir');
  const workspace = join(root, 'wo,rk:sp\\ace $(x) "y"');
  await mkdir(data, { mode: 0o700 });
  await mkdir(workspace);
  const layers = create(join(data, 'layers'));
  expect(await layers.probe()).toMatchObject({ kind });
  return {
    layers,
    workspace,
    // fuse-overlayfs leaves room for its mark of a deletion, `.wh.NAME`.
    ...(kind === 'fuse' ? { longestName: 251 } : {}),
    async close() {
      await layers.stop();
      for (const task of await layers.list()) await layers.drop(task);
      await rm(root, { recursive: true });
    },
  };
};
