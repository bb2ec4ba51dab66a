/** Of a list of milliseconds. */
export interface Figures {
  readonly p50: number;
  readonly p95: number;
  /** The lowest median of a tenth of the rounds in a row: what the machine does when it is left alone. */
  readonly quiet: number;
}

export function figuresOf(samples: readonly number[]): Figures {
  const size = Math.max(5, Math.ceil(samples.length / 10));
  const parts = Array.from({ length: Math.ceil(samples.length / size) }, (_, index) => samples.slice(index * size, (index + 1) * size));
  const full = parts.filter((part) => part.length === Math.min(size, samples.length));
  return { p50: quantile(samples, 0.5), p95: quantile(samples, 0.95), quiet: Math.min(...full.map((part) => quantile(part, 0.5))) };
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const milliseconds = (value: number): string => value.toFixed(1).padStart(8);

export const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2).padStart(8);
