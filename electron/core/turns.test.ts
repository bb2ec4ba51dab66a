import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

/** Works without waiting, long enough that a few of it are a turn. */
function work(): void {
  const until = performance.now() + 2;
  while (performance.now() < until);
}

it('lets others have their turn between the steps of a crowd that goes on at once', async () => {
  const turn = createTurns();
  let others = 0;
  let isDone = false;
  const tick = (): void => {
    others += 1;
    if (!isDone) setImmediate(tick);
  };
  setImmediate(tick);
  let start: () => void = () => undefined;
  const started = new Promise<void>((resolve) => (start = resolve));
  const seen = new Set<number>();
  const crowd = Array.from({ length: 60 }, async () => {
    await started;
    await turn();
    work();
    seen.add(others);
  });
  start();
  await Promise.all(crowd);
  isDone = true;
  expect(seen.size).toBeGreaterThan(3);
});
