import { encodeForDisplay } from '../../shared/display-encoder.ts';

/** What the command says on stdout. Everything else goes to stderr. */
export interface Output {
  readonly json: boolean;
  /** The one document of the command: as JSON, or as the text that `render` makes of it. Untrusted text is encoded here. */
  document(value: unknown, render: () => string): void;
  /** One of many lines. */
  line(value: unknown, render: () => string): void;
  /** For people, on stderr. */
  note(text: string): void;
}

/** SECURITY: text goes through the display encoder, so that what an agent wrote cannot drive the operator's terminal (THREATS rule 15). */
export function createOutput(json: boolean, stdout: (text: string) => void, stderr: (text: string) => void): Output {
  const write = (value: unknown, render: () => string): void => {
    const text = json ? JSON.stringify(value) : encodeForDisplay(render(), { multiline: true });
    if (json || text !== '') stdout(`${text}\n`);
  };
  return { json, document: write, line: write, note: (text) => stderr(`${encodeForDisplay(text, { multiline: true })}\n`) };
}

/** Columns as wide as their widest cell; the last one runs free. Cells are made one line each. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => encodeForDisplay(cell)));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name  value` lines. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${encodeForDisplay(value)}`).join('\n');
}
