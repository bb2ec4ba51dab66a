import { expect, it } from 'vitest';
import { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import { overLimit } from './over-limit.ts';

const profile = SandboxProfile.parse({ name: 'build', description: 'For builds.', limits: { memory_mb: 8192, disk_mb: 100 } });

it('F59: says which limit a command was killed for, how high it is, and where it can be raised', () => {
  expect(overLimit('memory', profile)).toMatch(/^\[killed: .*8 GiB of memory.*`memory_mb`.*`build`\]$/);
  expect(overLimit('disk', profile)).toMatch(/100 MiB of disk.*`disk_mb`/);
  expect(overLimit('processes', profile)).toMatch(/512 processes.*`processes`/);
});
