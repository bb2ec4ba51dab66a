import { expect, it } from 'vitest';
import { describeKilledGateway } from '../../testing/killed-gateway-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeKilledGateway('an ordinary user');
