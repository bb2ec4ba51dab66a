import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work in one go. */
const turnMs = 8;

/**
 * For work of many short steps that never wait by themselves: awaited before each step, it lets everything else in the process have its turn
 * when this has worked for a while. What works side by side shares one.
 */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  let waiting: Promise<void> | null = null;
  return async () => {
    // Asked again after each wait: of many that wait, only some get their turn in one go.
    while (performance.now() - began > turnMs) {
      waiting ??= turn().then(() => {
        began = performance.now();
        waiting = null;
      });
      await waiting;
    }
  };
}
