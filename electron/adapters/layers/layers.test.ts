import { describeLayersAttacks } from '../../testing/layers-attacks.ts';
import { describeLayersContract, type LayersWorld } from '../../testing/layers-contract.ts';
import { openLayersWorld } from '../../testing/layers-world.ts';
import { createLayers } from './layers.ts';

const open = async (): Promise<LayersWorld> =>
  openLayersWorld('overlay', (folder) =>
    createLayers({ folder, checkWorkspace: async (path) => path, findProgram: async (name) => `/usr/bin/${name}` }),
  );

describeLayersContract('overlay', open);
describeLayersAttacks('overlay', open);
