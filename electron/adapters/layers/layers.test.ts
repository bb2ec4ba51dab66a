import { expect } from 'vitest';
import { describeLayersContract } from '../../testing/layers-contract.ts';
import { makeLayersFolders } from '../../testing/layers-world.ts';
import { createLayers } from './layers.ts';

describeLayersContract('overlay', async () => {
  const { data, workspace, remove } = await makeLayersFolders();
  const layers = createLayers({
    folder: `${data}/layers`,
    checkWorkspace: async (path) => path,
    findProgram: async (name) => `/usr/bin/${name}`,
  });
  expect(await layers.probe()).toMatchObject({ kind: 'overlay' });
  return {
    layers,
    workspace,
    async close() {
      await layers.stop();
      for (const task of await layers.list()) await layers.drop(task);
      await remove();
    },
  };
});
