import { expect, it } from 'vitest';
import { describeCopyAttacks } from '../../testing/copy-attacks.ts';
import { describeLayersAttacks } from '../../testing/layers-attacks.ts';
import { describeLayersContract, type LayersWorld } from '../../testing/layers-contract.ts';
import { openLayersWorld } from '../../testing/layers-world.ts';
import { openRealRunner } from '../../testing/real-runner.ts';
import { createLayers } from './layers.ts';
import type { LayerKind } from './probe-layers.ts';

const opener = (kind: LayerKind) => async (): Promise<LayersWorld> =>
  openLayersWorld(kind, (folder) =>
    createLayers({
      runner: openRealRunner(),
      folder,
      checkWorkspace: async (path) => path,
      findProgram: async (name) => `/usr/bin/${name}`,
      kinds: [kind],
    }),
  );

describeLayersContract('overlay as an ordinary user', opener('overlay'));
describeLayersAttacks('overlay as an ordinary user', opener('overlay'));
describeLayersContract('copy as an ordinary user', opener('copy'));
describeCopyAttacks('an ordinary user');

it('runs as an ordinary user', () => {
  expect(process.getuid?.(), 'permissions mean nothing to root').not.toBe(0);
});
