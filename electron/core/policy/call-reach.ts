import type { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import type { PolicyInput } from './policy.ts';

/** The hosts that a sandbox profile can reach, as `callHosts` writes them. */
export type ProfileHosts = (profile: string) => readonly string[];

/** The same input where nothing is added. */
export function addHosts(input: PolicyInput, hosts: readonly string[]): PolicyInput {
  const more = hosts.filter((host) => !input.hosts.includes(host));
  return more.length === 0 ? input : { ...input, hosts: [...input.hosts, ...more] };
}

/** Of a profile that there is; the port is left to the proxy, policy compares hosts. */
export const reachOf = (profile: SandboxProfile | null): readonly string[] =>
  profile === null || profile.network === 'none' ? [] : profile.network.domains.map((domain) => domain.replace(/:[0-9]+$/, ''));
