import { describe, expect, it } from 'vitest';
import { isWithinPatterns } from './egress-pattern.ts';

describe('a pattern within others', () => {
  it.each([
    ['a.test', ['a.test']],
    ['a.test:443', ['a.test']],
    ['a.test', ['a.test:80', 'a.test:443']],
    ['*.a.test', ['*.a.test']],
    ['x.a.test', ['*.a.test']],
    ['*.x.a.test', ['*.a.test']],
    ['a.test:8443', ['b.test', 'a.test:8443']],
  ])('%s is within %j', (pattern, patterns) => expect(isWithinPatterns(pattern, patterns)).toBe(true));

  it.each([
    ['a.test', []],
    ['a.test', ['b.test']],
    ['a.test', ['a.test:443']],
    ['a.test:8443', ['a.test']],
    ['a.test', ['*.a.test']],
    ['*.a.test', ['a.test', 'x.a.test']],
    ['*.test', ['*.a.test']],
    ['eva.test', ['*.a.test']],
    ['xa.test', ['a.test']],
  ])('%s is not within %j', (pattern, patterns) => expect(isWithinPatterns(pattern, patterns)).toBe(false));
});
