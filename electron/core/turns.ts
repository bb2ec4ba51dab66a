import { setImmediate as turn } from 'node:timers/promises';

/** Milliseconds of work in one go. */
const turnMs = 8;

/**
 * For work of many short steps that never wait by themselves: awaited before each step, it lets everything else in the process have its turn
 * when this has worked for a while. What works side by side shares one, and goes on one after the other.
 */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let began = performance.now();
  let isPassing = false;

  async function pass(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (performance.now() - began > turnMs) {
        await turn();
        began = performance.now();
      }
      next();
      // A tick comes when whoever got its turn has worked until it waits for something; only then is it known how long that took.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    isPassing = false;
  }

  return async () => {
    const mine = new Promise<void>((resolve) => waiting.push(resolve));
    if (!isPassing) {
      isPassing = true;
      void pass();
    }
    await mine;
  };
}
