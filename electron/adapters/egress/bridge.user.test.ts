import { expect, it } from 'vitest';
import { describeBridge } from '../../testing/bridge-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeBridge('an ordinary user');
