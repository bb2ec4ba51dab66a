import { expect, it } from 'vitest';
import { describeConfinedView } from '../../testing/confined-view-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeConfinedView('an ordinary user');
