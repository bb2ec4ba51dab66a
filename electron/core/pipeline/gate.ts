import type { ChangeBus } from '../change-bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommitUnit, Store } from '../ports/store.ts';

/** How often a closed gate tries to write what it owes. Milliseconds. */
const retryMs = 2000;

/**
 * Whether calls are taken. It closes when a result could not be recorded (THREATS rule 4), tries again to write what is owed, and opens
 * by itself once that is on disk.
 */
export interface Gate {
  /** Null while calls are taken; otherwise why not. */
  closedBecause(): string | null;
  /** Closes the gate over a unit that must still be written. */
  closeOver(unit: CommitUnit, reason: string): void;
  stop(): void;
}

export function createGate({ store, clock, bus }: { readonly store: Store; readonly clock: Clock; readonly bus: ChangeBus }): Gate {
  let owed: CommitUnit[] = [];
  let reason: string | null = null;
  let cancelRetry: (() => void) | null = null;

  async function retry(): Promise<void> {
    const unit = owed[0];
    if (unit === undefined) {
      reason = null;
      cancelRetry = null;
      bus.changed('status');
      return;
    }
    try {
      await store.commit(unit);
      owed = owed.slice(1);
      await retry();
    } catch {
      schedule();
    }
  }

  function schedule(): void {
    cancelRetry = clock.after(retryMs, () => void retry());
  }

  return {
    closedBecause: () => reason,
    closeOver(unit, why) {
      owed = [...owed, unit];
      const wasOpen = reason === null;
      reason = why;
      if (wasOpen) schedule();
      bus.changed('status');
    },
    stop() {
      cancelRetry?.();
      cancelRetry = null;
    },
  };
}
