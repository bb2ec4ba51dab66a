import { createGardener, type Gardener, type GardenerDeps } from './gardener.ts';
import { createReplay, type Replay, type ReplayDeps } from './replay.ts';

/** What the recorded calls say of a policy. */
export interface PolicyHistory {
  readonly replay: Replay;
  readonly gardener: Gardener;
}

export const createPolicyHistory = (deps: ReplayDeps & GardenerDeps): PolicyHistory => ({
  replay: createReplay(deps),
  gardener: createGardener(deps),
});
