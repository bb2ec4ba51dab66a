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
