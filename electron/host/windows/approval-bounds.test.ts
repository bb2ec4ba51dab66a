import { expect, test } from 'vitest';
import { approvalHeight, approvalPosition, approvalWidth } from './approval-bounds.ts';

const screen = { x: 0, y: 0, width: 1600, height: 1000 };
const small = { x: 0, y: 30, width: 800, height: 600 };

test('appears near the top right of the screen with the pointer', () => {
  expect(approvalPosition(screen, { x: 100, y: 900 })).toEqual({ x: 1024, y: 144 });
  expect(approvalPosition({ ...screen, x: -1600 }, { x: -1500, y: 500 })).toEqual({ x: -576, y: 144 });
  expect(approvalPosition(small, { x: 10, y: 10 })).toEqual({ x: 224, y: 46 });
});

test('rule 16: never under the pointer, where the screen has room', () => {
  for (let x = 0; x < screen.width; x += 20) {
    for (let y = 0; y < screen.height; y += 20) {
      const at = approvalPosition(screen, { x, y });
      const isUnder = x >= at.x && x < at.x + approvalWidth && y >= at.y && y < at.y + 720;
      expect(isUnder, `pointer ${x},${y} window ${at.x},${at.y}`).toBe(false);
      expect(at.x).toBeGreaterThanOrEqual(16);
      expect(at.x + approvalWidth).toBeLessThanOrEqual(screen.width - 16);
    }
  }
});

test('is as high as its content, within its limits and the screen', () => {
  expect(approvalHeight(300, screen)).toBe(300);
  expect(approvalHeight(20, screen)).toBe(120);
  expect(approvalHeight(5000, screen)).toBe(720);
  expect(approvalHeight(5000, small)).toBe(568);
});
