/**
 * The one encoder for text that comes from agents, tools, files and peers, before a window or a terminal shows it (THREATS rule 15).
 * What a reader could not see, or would see somewhere else than it stands, is written as `\u{…}` instead. The result is
 * unambiguous: no two texts are shown alike because of what the encoder did. Look-alike letters are not its business.
 */
export interface DisplayOptions {
  /** Keep line feeds and tabs as they are, for places that show several lines. Carriage returns are always encoded. */
  readonly multiline?: boolean;
}

/** A stretch of text to show; `hidden` marks what stands for characters that would not have been seen. */
export interface DisplaySegment {
  readonly text: string;
  readonly hidden: boolean;
}

// SECURITY: controls (ANSI escapes begin with one), format and bidi characters, default-ignorables, private use, unassigned, lone
// surrogates, every separator but the plain space, and enclosing marks, which draw over their neighbours.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\p{Me}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;

/** Assigned, not ignorable, and still drawn as nothing: Braille blank, null notehead, object replacement, hieroglyph and Khitan blanks. */
const blankGlyphs = new Set([0x2800, 0xfffc, 0x16fe4, 0x1d159, 0x13441, 0x13442]);

const combining = /\p{M}/u;

/** Marks on one letter that are drawn; more of them pile up over the lines above and below. */
const marksPerLetter = 4;

const isPlain = (code: number): boolean => code >= 0x20 && code <= 0x7e;

function mustHide(char: string, code: number, multiline: boolean): boolean {
  if (multiline && (code === 0x0a || code === 0x09)) return false;
  if (code === 0x20) return false;
  return blankGlyphs.has(code) || invisible.test(char);
}

const escaped = (code: number): string => `\\u{${code.toString(16)}}`;

/** Splits a text into what is shown as it is and what is shown as `\u{…}`. Joined, the segments are what `encodeForDisplay` returns. */
export function segments(text: string, options: DisplayOptions = {}): DisplaySegment[] {
  const multiline = options.multiline === true;
  const found: DisplaySegment[] = [];
  let run = '';
  let runHidden = false;
  // Marks need a visible letter before them; at the start of a text or after something encoded they would sit on our own characters.
  let marksLeft = 0;
  const put = (part: string, hidden: boolean): void => {
    if (hidden !== runHidden && run !== '') {
      found.push({ text: run, hidden: runHidden });
      run = '';
    }
    runHidden = hidden;
    run += part;
  };

  let at = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    at += char.length;
    if (code === 0x5c && text.startsWith('u{', at)) {
      // SECURITY: a text that spells out an escape must not read like one of ours.
      put(escaped(code), true);
      marksLeft = 0;
    } else if (isPlain(code)) {
      put(char, false);
      marksLeft = code === 0x20 ? 0 : marksPerLetter;
    } else if (mustHide(char, code, multiline) || (combining.test(char) && marksLeft === 0)) {
      put(escaped(code), true);
      marksLeft = 0;
    } else {
      put(char, false);
      if (combining.test(char)) marksLeft -= 1;
      else marksLeft = code === 0x0a || code === 0x09 ? 0 : marksPerLetter;
    }
  }
  if (run !== '') found.push({ text: run, hidden: runHidden });
  return found;
}

/** The text as it may be shown: see `segments`. */
export function encodeForDisplay(text: string, options: DisplayOptions = {}): string {
  return segments(text, options)
    .map((segment) => segment.text)
    .join('');
}
