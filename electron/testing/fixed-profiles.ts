import { SandboxProfile } from '../../shared/domain/sandbox.ts';
import type { SandboxProfiles } from '../core/sandbox/sandbox-profiles.ts';

const shipped = [
  { name: 'default', description: 'Writes.' },
  { name: 'read-only', description: 'Reads.', workspace: 'read' as const, home: 'empty' as const },
];

/** Profiles that come from no file: the names that are shipped, unless told otherwise. */
export const fixedProfiles = (
  profiles: readonly SandboxProfile[] = shipped.map((each) => SandboxProfile.parse(each)),
): SandboxProfiles => ({
  get: (name) => profiles.find((profile) => profile.name === name) ?? null,
  list: () => profiles,
  problems: () => [],
  start: () => Promise.resolve(),
  read: () => Promise.resolve({ versions: {}, problems: [], apply: () => undefined }),
});
