import type { Clock } from '../core/ports/clock.ts';

/** A clock that tests move. `advance` moves both clocks and fires what is due; `setWall` moves the wall clock alone, as a person or NTP would. */
export interface FakeClock extends Clock {
  /** Milliseconds. Lets what was fired run before it returns. */
  advance(ms: number): Promise<void>;
  setWall(ms: number): void;
}

export function createFakeClock(start = Date.parse('2026-03-01T12:00:00.000Z')): FakeClock {
  let wall = start;
  let mono = 0;
  let timers: { readonly due: number; readonly action: () => void }[] = [];
  return {
    now: () => wall,
    monotonic: () => mono,
    after(ms, action) {
      const timer = { due: mono + ms, action };
      timers = [...timers, timer];
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const end = mono + ms;
      for (;;) {
        const next = timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        wall += next.due - mono;
        mono = next.due;
        next.action();
        await settle();
      }
      wall += end - mono;
      mono = end;
      await settle();
    },
    setWall(ms) {
      wall = ms;
    },
  };
}

/** Lets pending promise reactions and immediates run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
