/** Enough to keep a disk busy, and few enough for the descriptors that each takes. */
const usualWidth = 8;

/** Does `work` for every item, `width` at a time. The first error is thrown once everything under way has ended; nothing new begins after it. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>, width = usualWidth): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const item = items[next] as T;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, worker));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
