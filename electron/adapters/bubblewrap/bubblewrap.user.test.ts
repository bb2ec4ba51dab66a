import { expect, it } from 'vitest';
import { describeConfinement } from '../../testing/confinement-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeConfinement('an ordinary user');
