import { describeCopyAttacks } from '../../testing/copy-attacks.ts';
import { describeLayersAttacks } from '../../testing/layers-attacks.ts';
import { describeLayersContract, type LayersWorld } from '../../testing/layers-contract.ts';
import { openLayersWorld } from '../../testing/layers-world.ts';
import { openRealRunner } from '../../testing/real-runner.ts';
import type { LayerKind } from './probe-layers.ts';
import { createLayers } from './layers.ts';

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

describeLayersContract('overlay', opener('overlay'));
describeLayersAttacks('overlay', opener('overlay'));
describeLayersContract('fuse-overlayfs', opener('fuse'));
describeLayersAttacks('fuse-overlayfs', opener('fuse'));
describeLayersContract('copy', opener('copy'));
describeCopyAttacks('root or whoever runs it');
