/** Milliseconds, and how many crashes within them a window survives. */
const span = 60_000;
const most = 3;

/** Whether a page that crashed may be opened again: not for ever, so that one which cannot live does not take the machine with it. */
export function createReopenLimit(now: () => number): () => boolean {
  let crashes: number[] = [];
  return () => {
    crashes = [...crashes.filter((at) => now() - at < span), now()];
    return crashes.length <= most;
  };
}
