import { expect, it } from 'vitest';
import { describeLimits } from '../../../testing/limits-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeLimits('an ordinary user', ['prlimit'], false);
