import type { Topic } from '../../shared/contract/contract.ts';
import { scopes } from '../../shared/domain/identity.ts';
import type { TargetView } from '../../shared/domain/target.ts';
import type { Handlers } from './fake-world.ts';

const local: TargetView = {
  id: 'local',
  type: 'local',
  name: 'This machine',
  platform: 'debian',
  metadata: {},
  capabilities: [...scopes],
  constraints: { sudo: 'ask', require_approval: false, maintenance_windows: [] },
  is_built_in: true,
  state: 'ready',
  state_reason: null,
  running: 0,
  within_maintenance: true,
};

const productionWeb: TargetView = {
  ...local,
  id: 'production-web',
  type: 'ssh',
  name: 'Production web server',
  metadata: { tier: 'production' },
  capabilities: ['system:read', 'container:read'],
  constraints: { sudo: 'never', require_approval: true, maintenance_windows: [{ days: ['sun'], from: '02:00', to: '04:00' }] },
  is_built_in: false,
  state: 'no_executor',
  state_reason: 'This version reaches no other machine yet, so nothing runs on the target production-web.',
  within_maintenance: false,
};

/** Targets as the pages ask for them. */
export function createTargetHandlers(push: (topic: Topic) => void): Pick<Handlers, 'targets.list' | 'targets.check' | 'targets.accept'> {
  const status = {
    file: '/home/mira/.local/share/gatehouse/targets.yaml',
    version: '77de4c1f09ab',
    state: 'active' as const,
    loaded_at: '2026-11-23T09:00:00.000Z',
    problems: [],
  };
  const text = 'targets:\n  production-web:\n    id: production-web\n    capabilities: [system:read, container:read]\n';
  return {
    'targets.list': () => ({ status, targets: [local, productionWeb], text, held: null }),
    'targets.check': () => ({ ok: true, targets: 2, problems: [] }),
    'targets.accept': ({ version }) => {
      push('targets');
      return { version };
    },
  };
}
