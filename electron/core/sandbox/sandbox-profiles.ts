import { SandboxProfile } from '../../../shared/domain/sandbox.ts';

/** The named sandboxes that a policy rule can choose. */
export interface SandboxProfiles {
  get(name: string): SandboxProfile | null;
  list(): readonly SandboxProfile[];
}

/** The two that the gateway itself relies on; a file of the same name changes what else they allow. */
const shipped: readonly SandboxProfile[] = [
  { name: 'default', description: 'Writes into the workspace’s layer; no network.' },
  { name: 'read-only', description: 'Only reads the workspace; no network.', workspace: 'read' as const, home: 'empty' as const },
].map((profile) => SandboxProfile.parse(profile));

export const createSandboxProfiles = (profiles: readonly SandboxProfile[] = shipped): SandboxProfiles => {
  const byName = new Map(profiles.map((profile) => [profile.name, profile]));
  return { get: (name) => byName.get(name) ?? null, list: () => [...byName.values()] };
};
