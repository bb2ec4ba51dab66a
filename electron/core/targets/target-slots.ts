import type { Target } from '../../../shared/domain/target.ts';

/** How many calls run on each target. */
export interface TargetSlots {
  /** Whether one more call has room there. */
  hasRoom(target: Target): boolean;
  /** Takes a place, and answers how to give it back (once); null when there is none. */
  enter(target: Target): (() => void) | null;
  running(id: string): number;
}

export function createTargetSlots(): TargetSlots {
  const counts = new Map<string, number>();
  const running = (id: string): number => counts.get(id) ?? 0;
  const hasRoom = ({ id, constraints }: Target): boolean => constraints.concurrency === undefined || running(id) < constraints.concurrency;
  return {
    hasRoom,
    running,
    enter(target) {
      if (!hasRoom(target)) return null;
      counts.set(target.id, running(target.id) + 1);
      let isInside = true;
      return () => {
        if (!isInside) return;
        isInside = false;
        counts.set(target.id, running(target.id) - 1);
      };
    },
  };
}
