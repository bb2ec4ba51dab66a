import { segments, type DisplaySegment } from '../../shared/display-encoder.ts';

/** Shorter runs are ordinary indentation or paragraphs; longer ones only push what follows out of sight. */
const longRun = / {64,}|\t{16,}|\n{8,}/g;

/**
 * Text for a block of several lines. Beyond what the encoder marks, long runs of spaces, tabs and line ends are written as
 * `\u{20}×10000`: exact, unambiguous (the encoder escapes a text that spells out `\u{`), and of no use for hiding what follows.
 */
export function blockPieces(text: string): DisplaySegment[] {
  return segments(text, { multiline: true }).flatMap((segment) => (segment.hidden ? [segment] : withoutLongRuns(segment.text)));
}

function withoutLongRuns(text: string): DisplaySegment[] {
  const pieces: DisplaySegment[] = [];
  let from = 0;
  for (const match of text.matchAll(longRun)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), hidden: false });
    const code = (match[0].codePointAt(0) ?? 0).toString(16);
    pieces.push({ text: `\\u{${code}}×${match[0].length}`, hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hidden: false });
  return pieces;
}
