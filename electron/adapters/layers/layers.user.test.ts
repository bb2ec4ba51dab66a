import { expect, it } from 'vitest';
import { describeLayersAttacks } from '../../testing/layers-attacks.ts';
import { describeLayersContract, type LayersWorld } from '../../testing/layers-contract.ts';
import { openLayersWorld } from '../../testing/layers-world.ts';
import { createLayers } from './layers.ts';

const open = async (): Promise<LayersWorld> =>
  openLayersWorld('overlay', (folder) =>
    createLayers({ folder, checkWorkspace: async (path) => path, findProgram: async (name) => `/usr/bin/${name}` }),
  );

describeLayersContract('overlay as an ordinary user', open);
describeLayersAttacks('overlay as an ordinary user', open);

it('runs as an ordinary user', () => {
  expect(process.getuid?.(), 'permissions mean nothing to root').not.toBe(0);
});
