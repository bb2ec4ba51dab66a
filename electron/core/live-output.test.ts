import { expect, it } from 'vitest';
import { newCallId } from '../testing/store-records.ts';
import { createLiveOutput } from './live-output.ts';

it('tells a watcher what was printed before it came and after it came, also when nothing had been printed yet', () => {
  const live = createLiveOutput();
  const [early, call] = [newCallId(), newCallId()];
  const seen: string[] = [];
  const stop = live.watch(early, (chunk) => seen.push(chunk));
  live.append(early, 'a');
  live.append(early, 'b');
  stop();
  live.append(early, 'c');
  expect(seen).toEqual(['a', 'b']);
  live.append(call, 'x'.repeat(70_000));
  const late: string[] = [];
  live.watch(call, (chunk) => late.push(chunk));
  live.append(call, 'y');
  expect(late.map(({ length }) => length)).toEqual([65_536, 1]);
});

it('keeps a call’s output, and whom it tells, until the last program of it has ended', () => {
  const live = createLiveOutput();
  const call = newCallId();
  const seen: string[] = [];
  const [closeCall, closeJob] = [live.open(call), live.open(call)];
  live.watch(call, (chunk) => seen.push(chunk));
  live.append(call, 'at first, ');
  closeCall();
  closeCall();
  live.append(call, 'later');
  const late: string[] = [];
  live.watch(call, (chunk) => late.push(chunk));
  expect([seen.join(''), late.join('')]).toEqual(['at first, later', 'at first, later']);
  closeJob();
  const after: string[] = [];
  live.watch(call, (chunk) => after.push(chunk));
  expect(after).toEqual([]);
});

it('goes on when one of those who watch fails', () => {
  const live = createLiveOutput();
  const call = newCallId();
  const seen: string[] = [];
  let told = 0;
  live.watch(call, () => {
    told += 1;
    throw new Error('the window has gone');
  });
  live.watch(call, (chunk) => seen.push(chunk));
  live.append(call, 'a');
  live.append(call, 'b');
  expect([seen, told]).toEqual([['a', 'b'], 1]);
});
