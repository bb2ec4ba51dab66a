import { expect, test } from 'vitest';
import { drawGateIcon } from './gate-icon.ts';

const size = 44;
const pixel = (bitmap: Buffer, x: number, y: number): number[] => [...bitmap.subarray((y * size + x) * 4, (y * size + x) * 4 + 4)];
const amber = [35, 166, 245, 255];

test('draws the gate, with clear corners', () => {
  const icon = drawGateIcon({ size, waiting: 0 });
  expect(icon).toHaveLength(size * size * 4);
  expect(pixel(icon, 0, 0)).toEqual([0, 0, 0, 0]);
  expect(pixel(icon, 22, 11)).toEqual([245, 240, 236, 255]);
});

test('every number that waits looks different, above nine all alike', () => {
  const icons = Array.from({ length: 11 }, (_, waiting) => drawGateIcon({ size, waiting }).toString('base64'));
  expect(new Set(icons).size).toBe(11);
  expect(drawGateIcon({ size, waiting: 99 }).toString('base64')).toBe(icons[10]);
  expect(pixel(drawGateIcon({ size, waiting: 1 }), 41, 31)).toEqual(amber);
});
