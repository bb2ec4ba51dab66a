import { expect, test } from 'vitest';
import { bytes, countdown, counted, duration, relativeTime } from './format.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString();

test.each([
  [252_000, '4:12'],
  [9_400, '0:10'],
  [1, '0:01'],
  [0, '0:00'],
  [-5, '0:00'],
])('countdown of %d ms', (ms, text) => expect(countdown(ms)).toBe(text));

test.each([
  [40, '40 ms'],
  [3810, '3.8 s'],
  [38_000, '38 s'],
  [270_000, '4 min 30 s'],
  [7_200_000, '2 h'],
  [90_000_000, '1 d 1 h'],
])('duration of %d ms', (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [-2, 'now'],
  [-44, '44 s ago'],
  [-600, '10 min ago'],
  [-7200, '2 h ago'],
  [-86_400 * 3, '20 Nov 2026'],
  [7200, 'in 2 h'],
  [86_400 * 27, 'in 27 d'],
])('%d s from now', (seconds, text) => expect(relativeTime(at(seconds), now)).toBe(text));

test('what is not a time is shown as it is', () => expect(relativeTime('never', now)).toBe('never'));

test('counts and sizes', () => {
  expect(counted(1204, 'call')).toBe('1,204 calls');
  expect(counted(1, 'call')).toBe('1 call');
  expect([bytes(812), bytes(4100), bytes(2_300_000)]).toEqual(['812 B', '4.1 kB', '2.3 MB']);
});
