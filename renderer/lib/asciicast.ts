/** One moment of a recording. */
export interface CastFrame {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly kind: 'output' | 'resize';
  /** What was printed; of a resize `COLUMNSxROWS`. */
  readonly text: string;
}

export interface Cast {
  readonly columns: number;
  readonly rows: number;
  readonly frames: readonly CastFrame[];
  /** Seconds. */
  readonly duration: number;
}

const kinds: Readonly<Record<string, CastFrame['kind']>> = { o: 'output', r: 'resize' };

const sane = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= 500 ? value : otherwise;

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function frameOf(line: string): CastFrame | null {
  const value = parsed(line);
  if (!Array.isArray(value)) return null;
  const [at, code, text] = value as unknown[];
  const kind = typeof code === 'string' ? kinds[code] : undefined;
  if (typeof at !== 'number' || !Number.isFinite(at) || at < 0 || kind === undefined || typeof text !== 'string') return null;
  return { at, kind, text };
}

/** Reads asciicast v2; null when it is not that. Lines of other kinds are passed over. https://docs.asciinema.org/manual/asciicast/v2/ */
export function parseCast(text: string): Cast | null {
  const [head = '', ...lines] = text.split('\n');
  const header = parsed(head);
  if (typeof header !== 'object' || header === null || !('version' in header) || header.version !== 2) return null;
  const { width, height } = header as { readonly width?: unknown; readonly height?: unknown };
  const frames = lines.flatMap((line) => frameOf(line) ?? []);
  return { columns: sane(width, 80), rows: sane(height, 24), frames, duration: frames.at(-1)?.at ?? 0 };
}

/** The size that a resize names; null when it names none. */
export function sizeOf(text: string): { readonly columns: number; readonly rows: number } | null {
  const match = /^(\d{1,3})x(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const columns = sane(Number(match[1]), 0);
  const rows = sane(Number(match[2]), 0);
  return columns === 0 || rows === 0 ? null : { columns, rows };
}
