import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from './clock.ts';

describe('the system clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('never goes back', () => {
    const clock = createSystemClock();
    const first = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });

  it('runs an action once, unless it is cancelled', async () => {
    const clock = createSystemClock();
    let runs = 0;
    clock.after(5, () => (runs += 1));
    clock.after(5, () => (runs += 100))();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(runs).toBe(1);
  });

  it('keeps a delay longer than a timer can hold', () => {
    vi.useFakeTimers();
    const clock = createSystemClock();
    const days = 24 * 3_600_000;
    let runs = 0;
    clock.after(60 * days, () => (runs += 1));
    vi.advanceTimersByTime(59 * days);
    expect(runs).toBe(0);
    vi.advanceTimersByTime(2 * days);
    expect(runs).toBe(1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a delay of %s', (delay) => {
    expect(() => createSystemClock().after(delay, () => undefined)).toThrow(RangeError);
  });
});
