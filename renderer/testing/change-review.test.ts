import { expect, test } from 'vitest';
import { advance, emptyQueue, finish, resume } from '../features/approvals/approval-queue.ts';
import { emptyReview, isTicked, reviewKey, tick, tickAll, tickedOf, whyNotApplicable, type Review } from '../lib/change-review.ts';
import { notShown } from '../lib/cut-text.ts';
import { countsLine, heldSentence, waitingOf } from '../lib/change-words.ts';
import { notApplied } from '../lib/use-change-decide.ts';
import { simple } from './fake-approvals.ts';
import { conflicting, oneHeld, severalHeld, unreadable } from './fake-changes.ts';

const now = Date.now();
const several = severalHeld().set;
const one = oneHeld().set;
const looked = (...entries: typeof several.entries): Review => ({
  ...emptyReview,
  looked: new Map(entries.map((entry) => [reviewKey(entry), {}])),
});

test('held change sets go after the calls that somebody waits for, whenever they came', () => {
  const call = simple(1);
  const queue = advance(emptyQueue, [call], now, [one, several]);
  expect(queue.order).toEqual([call.id, several.id, one.id]);
  const later = advance(advance(emptyQueue, [], now, [one]), [call], now, [one]);
  expect(later).toMatchObject({ order: [call.id, one.id], shown: one.id });
});

test('a set without anything that waits is no card; the shown one stays until it is left', () => {
  const queue = advance(emptyQueue, [], now, [several]);
  expect(advance(queue, [], now, []).shown).toBe(several.id);
  expect(finish(queue, several.id).shown).toBeNull();
  const done = { ...several, entries: several.entries.map((entry) => ({ ...entry, state: 'applied' as const })) };
  expect(advance(emptyQueue, [], now, [done]).shown).toBeNull();
});

test('coming back into view, a call goes before a held set, and a held set before what has ended', () => {
  const call = simple(1);
  const queue = { order: [call.id, one.id], shown: one.id, done: [] };
  expect(resume(queue, [call], [one]).shown).toBe(call.id);
  expect(resume({ ...queue, shown: 'apr_gone', order: ['apr_gone', one.id] }, [], [one]).shown).toBe(one.id);
});

test('THREATS 15: only what has been in view to its end can be applied, or what was said to be applied unread', () => {
  const waiting = waitingOf(several);
  expect(whyNotApplicable(emptyReview, waiting)).toContain('3 ticked files have not been in view');
  expect(whyNotApplicable(looked(...waiting), waiting)).toBeNull();
  expect(whyNotApplicable({ ...emptyReview, unseen: true }, waiting)).toBeNull();
  // Ticking anything afterwards takes that back.
  expect(whyNotApplicable(tick({ ...emptyReview, unseen: true }, waiting, true), waiting)).not.toBeNull();
});

test('a file that was looked at as held must be looked at again as a conflict', () => {
  const waiting = waitingOf(several);
  const [first, ...rest] = waiting;
  const turned = [{ ...first!, state: 'conflict' as const }, ...rest];
  expect(whyNotApplicable(looked(...waiting), turned)).toContain('1 ticked file has not been in view');
});

test('a file without text, or with more than can be shown, is ticked by hand only; text that is not there cannot be', () => {
  const waiting = waitingOf(unreadable().set);
  const [binary, long] = waiting;
  expect(tickedOf(emptyReview, waiting)).toEqual([]);
  expect(tickedOf(tickAll(emptyReview, waiting, true), waiting)).toEqual([]);
  expect(isTicked(tick(emptyReview, [long!], true), long!)).toBe(true);
  // Ticked by hand, it still has to be looked at.
  expect(whyNotApplicable(tick(emptyReview, [long!], true), [long!])).toContain('Scroll to its end');
  expect(isTicked(tick(emptyReview, [binary!], true), binary!)).toBe(true);
  const readable = waitingOf(one);
  expect(isTicked({ ...emptyReview, cut: new Set(readable.map(reviewKey)) }, readable[0]!)).toBe(false);
});

test('words say what waits, and what was not applied', () => {
  expect(heldSentence(waitingOf(several))).toBe('changed 3 files that may run later');
  expect(heldSentence(waitingOf(conflicting().set))).toBe('changed 1 file that also changed here');
  expect(countsLine(several)).toBe('3 held · 2 applied');
  const paths = one.entries.map(({ path }) => path);
  expect(notApplied(one, paths)).toContain('1 file was not applied. .envrc: ');
  expect(notApplied({ ...one, entries: one.entries.map((entry) => ({ ...entry, state: 'applied' })) }, paths)).toBeNull();
});

test('what is not shown is told to the byte', () => {
  expect(notShown({ text: null, bytes: null }, { text: 'é'.repeat(10), bytes: 20 })).toBeNull();
  expect(notShown({ text: null, bytes: null }, { text: 'é'.repeat(10), bytes: 812_344 })).toBe(
    'Not shown: the last 812,324 bytes of the 812,344 bytes of the file as it will be.',
  );
  expect(notShown({ text: 'ab', bytes: 5 }, { text: 'a', bytes: 2 })).toContain(
    'the last 3 bytes of the 5 bytes of the file as it is, and',
  );
});
