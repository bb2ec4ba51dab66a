/** A program's output as it came, and the sizes that its terminal had, to be replayed. https://docs.asciinema.org/manual/asciicast/v2/ */
export interface Recorder {
  output(chunk: string): void;
  resize(columns: number, rows: number): void;
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

/** Sizes that one recording holds; a window's edge that is dragged makes many. */
const keptSizes = 10_000;

/** Starts a recording at this moment. */
export function createRecorder({ columns, rows, monotonic, startedAt, title }: RecorderOptions): Recorder {
  const began = monotonic();
  const header = { version: 2, width: columns, height: rows, timestamp: Math.floor(startedAt / 1000), title: title.slice(0, 200) };
  const lines: string[] = [];
  let hasOutput = false;
  let sizes = 0;
  const add = (code: 'o' | 'r', text: string): void => {
    lines.push(JSON.stringify([Math.round(monotonic() - began) / 1000, code, text]));
  };
  return {
    output(chunk) {
      hasOutput = true;
      add('o', chunk);
    },
    resize(toColumns, toRows) {
      sizes += 1;
      if (sizes <= keptSizes) add('r', `${toColumns.toString()}x${toRows.toString()}`);
    },
    finish: () => (hasOutput ? `${JSON.stringify(header)}\n${lines.join('\n')}\n` : null),
  };
}
