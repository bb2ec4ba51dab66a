import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { Store } from '../ports/store.ts';

export interface JudgedRows {
  readonly calls: readonly JudgedCall[];
  /** Where reading goes on; null after the last. */
  readonly next: number | null;
}

/** Rows asked for at once: the store's thread is also the one that records. */
const ROWS = 500;

/** Judged calls, newest first, at most `limit` of them. The next rows are read while these are looked at. */
export async function* judgedPages(store: Pick<Store, 'judgedCalls'>, from: number | null, limit: number): AsyncGenerator<JudgedRows> {
  let left = limit;
  let reading = store.judgedCalls({ from, limit: Math.min(ROWS, left) });
  for (;;) {
    const rows = await reading;
    left -= rows.calls.length;
    const isLast = rows.next === null || left <= 0 || rows.calls.length === 0;
    if (!isLast) {
      reading = store.judgedCalls({ from: rows.next, limit: Math.min(ROWS, left) });
      // Who stops early does not ask for it.
      reading.catch(() => undefined);
    }
    yield rows;
    if (isLast) return;
  }
}
