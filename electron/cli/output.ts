import { encodeForDisplay } from '../../shared/display-encoder.ts';

declare const brand: unique symbol;

/**
 * Text that has been through the display encoder, exactly once. SECURITY: only this is printed for people, so that what an agent wrote
 * can neither drive the operator's terminal nor forge a line of ours (THREATS rule 15).
 */
export type Shown = string & { readonly [brand]: true };

/** One line of text, untrusted parts and all. */
export const shown = (text: string): Shown => encodeForDisplay(text) as Shown;

export const lines = (parts: readonly Shown[]): Shown => parts.join('\n') as Shown;

/** What the command says on stdout. Everything else goes to stderr. */
export interface Output {
  readonly json: boolean;
  /** The one document of the command: as JSON, or as the text that `render` makes of it. */
  document(value: unknown, render: () => Shown): void;
  /** One of many lines. */
  line(value: unknown, render: () => Shown): void;
  /** For people, on stderr; our own words, which may have several lines. */
  note(text: string): void;
}

export function createOutput(json: boolean, stdout: (text: string) => void, stderr: (text: string) => void): Output {
  const write = (value: unknown, render: () => Shown): void => {
    const text = json ? JSON.stringify(value) : render();
    if (text !== '') stdout(`${text}\n`);
  };
  return { json, document: write, line: write, note: (text) => stderr(`${encodeForDisplay(text, { multiline: true })}\n`) };
}

/** Columns as wide as their widest cell; the last one runs free. Cells are made one line each. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): Shown {
  const cells = [header, ...rows].map((row) => row.map(shown));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return lines(
    cells.map(
      (row) =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd() as Shown,
    ),
  );
}

/** `name  value` lines. */
export function fields(pairs: readonly (readonly [string, string])[]): Shown {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return lines(pairs.map(([name, value]) => shown(`${name.padEnd(width)}  ${value}`)));
}
