import type { Capability } from '../../../shared/domain/host.ts';
import type { SandboxProfile } from '../../../shared/domain/sandbox.ts';

const describe = ({ name, network }: SandboxProfile): string => {
  if (network === 'none') return '';
  const opened = network.intercept.length === 0 ? 'the TLS of none is opened' : `TLS is opened for ${network.intercept.join(', ')}`;
  return `\`${name}\` reaches ${network.domains.join(', ')}; ${opened}.`;
};

/** Which hosts commands reach by which profile, and whose TLS the gateway opens on the way. */
export const networkCapability = (profiles: readonly SandboxProfile[]): Capability => {
  const reaching = profiles.filter(({ network }) => network !== 'none');
  return {
    id: 'network',
    title: 'Commands reach only the hosts that their profile lists',
    status: 'pass',
    evidence: reaching.length === 0 ? 'No profile has a network.' : reaching.map(describe).join(' '),
    fix: null,
  };
};
