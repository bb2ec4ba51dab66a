import { expect, test } from 'vitest';
import type { Approval } from '../../shared/domain/approval.ts';
import { expired, simple } from './fake-approvals.ts';
import { ago } from './fake-ids.ts';
import { advance, emptyQueue, finish, resume, step } from '../features/approvals/approval-queue.ts';

const now = Date.now();
const request = (seed: number, age: number): Approval => ({ ...simple(seed), created_at: ago(age) });
const first = request(1, 50);
const second = request(2, 30);
const third = request(3, 10);

test('the oldest is shown first; a later one goes underneath', () => {
  const queue = advance(emptyQueue, [second, first], now);
  expect(queue.shown).toBe(first.id);
  expect(queue.order).toEqual([first.id, second.id]);
  const more = advance(queue, [third, second, first], now);
  expect(more.shown).toBe(first.id);
  expect(more.order).toEqual([first.id, second.id, third.id]);
});

test('THREATS 16: an older request that appears late does not take the place of the shown one', () => {
  const queue = advance(advance(emptyQueue, [second], now), [second, first], now);
  expect(queue.shown).toBe(second.id);
  expect(queue.order).toEqual([second.id, first.id]);
});

test('the shown card stays when its request ends elsewhere; the others leave', () => {
  const queue = advance(emptyQueue, [first, second, third], now);
  const after = advance(queue, [third], now);
  expect(after.shown).toBe(first.id);
  expect(after.order).toEqual([first.id, third.id]);
});

test('nothing changed is the same object, or the window would render forever', () => {
  const queue = advance(emptyQueue, [first, second], now);
  expect(advance(queue, [second, first], now)).toBe(queue);
});

test('a finished request does not come back, and the next is shown', () => {
  const queue = finish(advance(emptyQueue, [first, second, third], now), first.id);
  expect(queue.shown).toBe(second.id);
  expect(advance(queue, [first, second, third], now).order).toEqual([second.id, third.id]);
  const last = finish(finish(queue, third.id), second.id);
  expect(last.shown).toBeNull();
});

test('an expired request can be shown for its next try, after what waits', () => {
  const old = expired(4);
  expect(advance(emptyQueue, [old, third], now).order).toEqual([third.id, old.id]);
  expect(advance(emptyQueue, [{ ...old, next_try_granted: true }], now).shown).toBeNull();
});

test('coming back into view, a waiting request goes before one that ended', () => {
  const old = expired(4);
  const queue = advance({ order: [old.id], shown: old.id, done: [] }, [old, third], now);
  expect(queue.shown).toBe(old.id);
  expect(resume(queue, [old, third]).shown).toBe(third.id);
});

test('arrows stop at both ends', () => {
  const queue = advance(emptyQueue, [first, second], now);
  expect(step(queue, -1)).toBe(queue);
  expect(step(queue, 1).shown).toBe(second.id);
  expect(step(step(queue, 1), 1).shown).toBe(second.id);
});
