/** A program's output as it came, to be replayed. https://docs.asciinema.org/manual/asciicast/v2/ */
export interface Recorder {
  output(chunk: string): void;
  /** The whole recording; null when nothing was printed. */
  finish(): string | null;
}

export interface RecorderOptions {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
  /** Wall clock at the beginning, milliseconds since 1970. */
  readonly startedAt: number;
  /** Shown by players. */
  readonly title: string;
}

/** Starts a recording at this moment. */
export function createRecorder({ columns, rows, monotonic, startedAt, title }: RecorderOptions): Recorder {
  const began = monotonic();
  const header = { version: 2, width: columns, height: rows, timestamp: Math.floor(startedAt / 1000), title: title.slice(0, 200) };
  const lines: string[] = [];
  return {
    output(chunk) {
      lines.push(JSON.stringify([Math.round(monotonic() - began) / 1000, 'o', chunk]));
    },
    finish: () => (lines.length === 0 ? null : `${JSON.stringify(header)}\n${lines.join('\n')}\n`),
  };
}
