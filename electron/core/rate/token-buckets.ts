/** How fast something may happen, and how much of it at once. */
export interface BucketSize {
  readonly perMinute: number;
  readonly burst: number;
}

/** Buckets before the full ones are let go of; a full one is as good as none. */
const sweepAt = 1000;
/** What arithmetic may lose. */
const epsilon = 1e-6;

/** Token buckets by name, on a clock that nobody can turn. They start full. */
export interface TokenBuckets {
  /** Takes one token and answers 0, or answers after how many milliseconds there will be one. */
  take(key: string, size: BucketSize): number;
  /** Of those that are kept. */
  count(): number;
}

export function createTokenBuckets({ monotonic }: { readonly monotonic: () => number }): TokenBuckets {
  const buckets = new Map<string, { readonly tokens: number; readonly at: number; readonly size: BucketSize }>();
  const level = (key: string, size: BucketSize, now: number): number => {
    const kept = buckets.get(key);
    return kept === undefined ? size.burst : Math.min(size.burst, kept.tokens + ((now - kept.at) / 60_000) * size.perMinute);
  };

  // SECURITY: only full ones go, so that nobody gets a new bucket by crowding out the old one.
  function sweep(now: number): void {
    for (const [key, { size }] of buckets) if (level(key, size, now) >= size.burst - epsilon) buckets.delete(key);
  }

  return {
    take(key, size) {
      const now = monotonic();
      if (buckets.size >= sweepAt && !buckets.has(key)) sweep(now);
      const tokens = level(key, size, now);
      const isOver = tokens < 1 - epsilon;
      buckets.set(key, { tokens: isOver ? tokens : tokens - 1, at: now, size });
      return isOver ? Math.ceil(((1 - tokens) / size.perMinute) * 60_000) : 0;
    },
    count: () => buckets.size,
  };
}
