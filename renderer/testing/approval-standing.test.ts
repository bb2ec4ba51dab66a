import { expect, test } from 'vitest';
import { agentLeft, denied, expired, overBinary, publish, truncated } from './fake-approvals.ts';
import { standingOf, whyNotAllowable } from '../lib/approval-standing.ts';

const now = (): number => Date.now();

test('a pending request can be allowed until its time is over', () => {
  const approval = publish();
  const standing = standingOf(approval, now());
  expect(standing.kind).toBe('pending');
  expect(whyNotAllowable(approval, standing)).toBeNull();
  expect(whyNotAllowable(approval, standingOf(approval, Date.parse(approval.expires_at)))).toBe('The time to answer is over.');
  expect(whyNotAllowable(agentLeft(), standing)).toBeNull();
});

test('an expired request is for the next try, then granted, then over', () => {
  const approval = expired();
  expect(standingOf(approval, now()).kind).toBe('next-try');
  expect(standingOf({ ...approval, next_try_granted: true }, now()).kind).toBe('granted');
  expect(standingOf(approval, now() + 3_600_000)).toEqual({ kind: 'over', words: 'Denied: nobody answered in 4 min 30 s.' });
});

test('a time that cannot be read grants nothing', () => {
  expect(standingOf({ ...expired(), next_try_until: 'soon' }, now()).kind).toBe('over');
});

test('what is long can be allowed, as its rest is named by size and hash; what cannot be shown cannot', () => {
  const long = truncated();
  expect(whyNotAllowable(long, standingOf(long, now()))).toBeNull();
  const [noWhole, noText] = [structuredClone(long), overBinary()];
  noWhole.preview.diff!.whole = null;
  for (const approval of [noWhole, noText]) expect(whyNotAllowable(approval, standingOf(approval, now()))).toContain('cannot be shown');
});

test('who decided is named', () => {
  expect(standingOf(denied(), now())).toEqual({ kind: 'over', words: 'Denied in the window.' });
});
