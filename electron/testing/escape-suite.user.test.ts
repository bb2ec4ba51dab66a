import { expect, it } from 'vitest';
import { describeEgressEscapes } from './egress-escapes-suite.ts';
import { describeFileEscapes } from './escape-files-suite.ts';
import { describeSandboxEscapes } from './escape-suite.ts';

it('runs as an ordinary user, or what follows proves nothing', () => {
  expect(process.getuid?.()).not.toBe(0);
});

describeSandboxEscapes('an ordinary user');
describeEgressEscapes('an ordinary user');
describeFileEscapes('an ordinary user');
