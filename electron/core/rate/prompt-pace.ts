const minuteMs = 60_000;
/** Agents before those that have not asked for a minute are forgotten. */
const sweepAt = 200;

/** Questions of each agent within the last minute, of any minute, on a clock that nobody can turn. */
export interface PromptPace {
  /** Counts one and answers 0, or answers after how many milliseconds the next may come. */
  take(agent: string, most: number): number;
}

export function createPromptPace({ monotonic }: { readonly monotonic: () => number }): PromptPace {
  const asked = new Map<string, readonly number[]>();
  const recent = (agent: string, now: number): readonly number[] => (asked.get(agent) ?? []).filter((at) => now - at < minuteMs);

  function sweep(now: number): void {
    for (const agent of [...asked.keys()]) if (recent(agent, now).length === 0) asked.delete(agent);
  }

  return {
    take(agent, most) {
      const now = monotonic();
      if (asked.size >= sweepAt && !asked.has(agent)) sweep(now);
      const times = recent(agent, now);
      // The one whose minute must be over before there is room.
      const blocking = times[times.length - most];
      if (blocking !== undefined) return Math.max(1, Math.ceil(blocking + minuteMs - now));
      asked.set(agent, [...times, now]);
      return 0;
    },
  };
}
