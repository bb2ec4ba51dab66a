import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PolicyRule } from '../../../shared/domain/policy.ts';
import { policyOf } from '../../testing/policy-subject.ts';

const TEXT = readFileSync(new URL('../../../docs/policy.md', import.meta.url), 'utf8');
const BLOCKS = Array.from(TEXT.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g), ([, block]) => block ?? '');

describe('docs/policy.md', () => {
  it('F39: every key of a rule is described', () => {
    const described = Array.from(TEXT.matchAll(/^\| (`[^|]*) \|/gm), ([, cell]) => cell ?? '').flatMap(
      (cell) => cell.match(/[a-z_]+/g) ?? [],
    );
    expect([...described].sort()).toEqual(Object.keys(PolicyRule.shape).sort());
  });

  it('has examples', () => {
    expect(BLOCKS.length).toBeGreaterThan(4);
  });

  it.each(BLOCKS.map((block) => [/id: (\S+)/.exec(block)?.[1] ?? '', block]))(
    'its policy with %s loads, and does what its examples say',
    async (_id, block) => {
      const policy = await policyOf(block);
      expect(policy.status().problems).toEqual([]);
      expect(policy.rules().some(({ examples }) => examples !== undefined)).toBe(true);
    },
  );
});
