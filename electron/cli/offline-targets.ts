import { join } from 'node:path';
import type { OutputOf } from '../../shared/contract/contract.ts';
import { createPolicyFile } from '../adapters/policy-file/policy-file.ts';
import type { Clock } from '../core/ports/clock.ts';
import { createTargetRegistry } from '../core/targets/target-registry.ts';
import { targetViews } from '../core/targets/target-views.ts';
import { createTargetHandlers } from '../operator/handlers/targets.ts';

export interface OfflineTargets {
  check(text: string | null): Promise<OutputOf<'targets.check'>>;
  list(): Promise<OutputOf<'targets.list'>>;
}

/** The targets as the file on disk says them; which of them a desktop has accepted is known to its host only. */
export function createOfflineTargets(dataDir: string, clock: Clock, tools: () => Promise<readonly string[]>): OfflineTargets {
  const file = createPolicyFile(join(dataDir, 'targets.yaml'));
  const open = async () => {
    const names = await tools();
    const registry = createTargetRegistry({
      file: { ...file, watch: () => () => undefined },
      missingIsAccepted: false,
      clock,
      tools: () => names,
      onEvent: () => undefined,
    });
    await registry.start();
    return createTargetHandlers({
      targets: registry,
      targetViews: () =>
        targetViews({
          registry,
          slots: { running: () => 0 },
          isReachable: ({ type }) => type === 'local',
          now: () => clock.now(),
        }),
      targetsFile: file,
      acceptedTargets: null,
    });
  };
  return {
    check: async (text) => (await open())['targets.check']({ text }, { channel: 'command-line' }),
    list: async () => (await open())['targets.list']({}, { channel: 'command-line' }),
  };
}
