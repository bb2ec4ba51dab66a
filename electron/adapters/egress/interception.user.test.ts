import { expect, it } from 'vitest';
import { describeInterception } from '../../testing/interception-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeInterception('an ordinary user');
