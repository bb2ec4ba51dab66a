import { installDefaultPolicy } from '../adapters/policy-file/policy-file.ts';
import type { Stage } from '../core/lifecycle.ts';
import type { Product } from './product.ts';
import type { World } from './world.ts';

/** What decides over calls and what holds them, ready before any agent can call. */
export function rulesAndSandbox(world: World, product: Product): readonly Stage[] {
  const { bus, layers, sandbox, policyFile, record } = world;
  const { shell, policy, acceptedPolicy, targets, acceptedTargets, jobs } = product;
  return [
    { name: 'shell parser', start: () => shell.start() },
    { name: 'sandbox profiles', start: () => product.watchedProfiles.start(), stop: () => product.watchedProfiles.stop() },
    {
      name: 'policy',
      async start() {
        await installDefaultPolicy(policyFile.path, world.defaultPolicy);
        await acceptedPolicy?.start();
        await policy.start();
        policy.onChange(() => bus.changed('policy'));
      },
      stop: () => policy.stop(),
    },
    {
      name: 'targets',
      async start() {
        await acceptedTargets?.start();
        await targets.start();
        targets.onChange(() => bus.changed('targets'));
      },
      stop: () => targets.stop(),
    },
    { name: 'egress', start: () => world.egress.start(), stop: () => world.egress.stop() },
    {
      name: 'sandbox',
      async start() {
        await layers.probe();
        const probed = await sandbox.probe();
        await record('sandbox.probed', 'gateway', {
          mode: probed.mode,
          effective: probed.effective,
          version: probed.version,
          detail: probed.detail,
        });
      },
      async stop() {
        await jobs.stopAll();
        await sandbox.stop();
      },
    },
  ];
}
