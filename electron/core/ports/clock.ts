/** Time as core sees it. Tests move it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC. */
  now(): number;
  /** Milliseconds on a clock that never goes back and does not follow the wall clock. */
  monotonic(): number;
  /** Runs `action` once after `ms` milliseconds of monotonic time; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
}
