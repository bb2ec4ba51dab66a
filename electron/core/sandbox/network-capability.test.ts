import { describe, expect, it } from 'vitest';
import { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import { networkCapability } from './network-capability.ts';

const profile = (name: string, network: unknown): SandboxProfile => SandboxProfile.parse({ name, description: 'd', network });

describe('the network as a line of what this machine can enforce', () => {
  it('names the hosts of each profile that has one, and those whose TLS is opened', () => {
    const profiles = [
      profile('default', 'none'),
      profile('builds', { domains: ['*.a.test', 'b.test'], intercept: ['x.a.test'] }),
      profile('shut', { domains: ['c.test'] }),
    ];
    expect(networkCapability(profiles).evidence).toBe(
      '`builds` reaches *.a.test, b.test; TLS is opened for x.a.test. `shut` reaches c.test; the TLS of none is opened.',
    );
    expect(networkCapability(profiles.slice(0, 1)).evidence).toBe('No profile has a network.');
  });
});
