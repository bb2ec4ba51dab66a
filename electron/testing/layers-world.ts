import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders for one test of layers: a data folder and an empty workspace, whose path is as awkward as paths may be. */
export const makeLayersFolders = async (): Promise<{ readonly data: string; readonly workspace: string; remove(): Promise<void> }> => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'layers-test-')));
  const data = join(root, 'da,ta:\\ dir');
  const workspace = join(root, 'wo,rk:sp\\ace $(x) "y"');
  await mkdir(data, { mode: 0o700 });
  await mkdir(workspace);
  return { data, workspace, remove: async () => rm(root, { recursive: true }) };
};
