/** One side of a difference of which only the beginning may be there. */
export interface CutSide {
  /** What is shown; null: nothing. */
  readonly text: string | null;
  /** Bytes of the whole; null: there is no such side. */
  readonly bytes: number | null;
}

const size = new TextEncoder();
const exact = (bytes: number): string => `${bytes.toLocaleString('en-GB')} bytes`;

function missing({ text, bytes }: CutSide): { readonly hidden: number; readonly whole: number } | null {
  if (bytes === null) return null;
  const hidden = bytes - size.encode(text ?? '').length;
  return hidden > 0 ? { hidden, whole: bytes } : null;
}

/** Exactly how much of a difference is not shown; null when all of it is. */
export function notShown(before: CutSide, after: CutSide): string | null {
  const parts = [
    ['the file as it is', missing(before)],
    ['the file as it will be', missing(after)],
  ] as const;
  const said = parts.flatMap(([name, cut]) =>
    cut === null ? [] : [`the last ${exact(cut.hidden)} of the ${exact(cut.whole)} of ${name}`],
  );
  return said.length === 0 ? null : `Not shown: ${said.join(', and ')}.`;
}
