import { expect, it } from 'vitest';
import { describeConfinedCopy } from '../../testing/confined-copy-suite.ts';

describeConfinedCopy('an ordinary user');

it('runs as an ordinary user', () => {
  expect(process.getuid?.(), 'permissions mean nothing to root').not.toBe(0);
});
