import { describe, expect, it } from 'vitest';
import { describeAllowlist } from '../../testing/allowlist-suite.ts';

describe('the allowlist as an ordinary user', () => {
  it('is no root', () => {
    expect(process.getuid?.()).not.toBe(0);
  });
  describeAllowlist();
});
