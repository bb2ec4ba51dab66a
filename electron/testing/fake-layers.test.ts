import { createFakeLayers } from './fake-layers.ts';
import { describeLayersContract } from './layers-contract.ts';
import { openLayersWorld } from './layers-world.ts';

describeLayersContract('copies', async () => openLayersWorld('copy', () => createFakeLayers()));
