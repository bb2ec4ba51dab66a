import { expect, it } from 'vitest';
import { createPromptPace } from './prompt-pace.ts';
import { createTokenBuckets } from './token-buckets.ts';

it('F93: full buckets are let go of, others are not', () => {
  let now = 0;
  const buckets = createTokenBuckets({ monotonic: () => now });
  const size = { perMinute: 60, burst: 1 };
  for (let n = 0; n < 5000; n += 1) {
    buckets.take(`key ${n.toString()}`, size);
    now += 1;
  }
  expect(buckets.count()).toBeLessThanOrEqual(1001);
  expect(buckets.take('key 4999', size)).toBeGreaterThan(0);
});

it('F93: a lowered limit on requests counts those that were made before', () => {
  let now = 0;
  const pace = createPromptPace({ monotonic: () => now });
  for (let n = 0; n < 4; n += 1) {
    expect(pace.take('one', 20)).toBe(0);
    now += 1000;
  }
  expect(pace.take('one', 2)).toBe(58_000);
  now += 58_000;
  expect(pace.take('one', 2)).toBe(0);
});
