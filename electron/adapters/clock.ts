import type { Clock } from '../core/ports/clock.ts';

/** The longest delay that a timer of Node takes; a longer one would fire at once. */
const longestTimerMs = 2_147_483_647;

/** The machine's clocks. Timers of any length; a pending one keeps the process alive. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, action) {
      const due = performance.now() + ms;
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const left = Math.max(0, Math.ceil(due - performance.now()));
        timer = left > longestTimerMs ? setTimeout(arm, longestTimerMs) : setTimeout(action, left);
      };
      // SECURITY: a delay that is not a number must not mean "now".
      if (!Number.isFinite(due)) throw new RangeError('A delay in milliseconds must be a finite number.');
      arm();
      return () => clearTimeout(timer);
    },
  };
}
