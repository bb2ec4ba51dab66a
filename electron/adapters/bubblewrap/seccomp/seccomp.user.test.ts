import { expect, it } from 'vitest';
import { describeFilter } from '../../../testing/seccomp-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeFilter('an ordinary user');
