/** A word as it stands in the source, and what the shell makes of it where that is certain. */
export interface Word {
  readonly source: string;
  /** After quote removal; null when it depends on anything outside the text (expansion, substitution, glob). */
  readonly value: string | null;
}

/** `malformed` means: the grammar took it for one word, bash would not. */
export type WordReading =
  { readonly kind: 'static'; readonly value: string } | { readonly kind: 'dynamic' } | { readonly kind: 'malformed' };

const DYNAMIC: WordReading = { kind: 'dynamic' };
const MALFORMED: WordReading = { kind: 'malformed' };
const ANSI_LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};
const ANSI_NUMBER = /(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))/y;

/** What is being read, where, and what it has come to so far. */
interface Scan {
  readonly source: string;
  at: number;
  value: string;
  isDynamic: boolean;
}

/**
 * Quote removal as bash does it (manual, 3.1.2 and 3.5.9). Reads the source itself rather than the tree, so that the grammar and this scanner
 * must agree before a word counts as static.
 */
export function readWord(source: string): WordReading {
  if (source === '{}') return { kind: 'static', value: '{}' };
  if (source.startsWith('#')) return MALFORMED;
  const scan: Scan = { source, at: 0, value: '', isDynamic: false };
  while (scan.at < source.length) {
    const stop = readPiece(scan);
    if (stop !== null) return stop;
  }
  return scan.isDynamic ? DYNAMIC : { kind: 'static', value: scan.value };
}

function readPiece(scan: Scan): WordReading | null {
  const { source, at } = scan;
  const character = source[at] ?? '';
  if (character === '\\') return readEscape(scan);
  if (character === "'") return readRaw(scan);
  if (character === '"') return readQuoted(scan);
  if (character === '$') return source[at + 1] === "'" ? readAnsi(scan) : DYNAMIC;
  if (character === '`' || ((character === '<' || character === '>') && source[at + 1] === '(')) return DYNAMIC;
  // SECURITY: an operator inside what the grammar calls a word is where its reading and bash's part ways.
  if (/[\s;&|<>()]/.test(character)) return MALFORMED;
  if (/[*?[{]/.test(character) || (character === '~' && (at === 0 || /[=:]/.test(source[at - 1] ?? '')))) scan.isDynamic = true;
  scan.value += character;
  scan.at += 1;
  return null;
}

function readEscape(scan: Scan): WordReading | null {
  const next = scan.source[scan.at + 1];
  if (next === undefined) return MALFORMED;
  if (next !== '\n') scan.value += next;
  scan.at += 2;
  return null;
}

function readRaw(scan: Scan): WordReading | null {
  const end = scan.source.indexOf("'", scan.at + 1);
  if (end < 0) return MALFORMED;
  scan.value += scan.source.slice(scan.at + 1, end);
  scan.at = end + 1;
  return null;
}

function readQuoted(scan: Scan): WordReading | null {
  for (scan.at += 1; scan.at < scan.source.length; scan.at += 1) {
    const character = scan.source[scan.at] ?? '';
    if (character === '"') {
      scan.at += 1;
      return null;
    }
    if (character === '$' || character === '`') return DYNAMIC;
    if (character !== '\\') {
      scan.value += character;
      continue;
    }
    const next = scan.source[scan.at + 1] ?? '';
    if (next === '') return MALFORMED;
    if (next !== '\n') scan.value += /[$`"\\]/.test(next) ? next : `\\${next}`;
    scan.at += 1;
  }
  return MALFORMED;
}

function readAnsi(scan: Scan): WordReading | null {
  const { source } = scan;
  for (scan.at += 2; scan.at < source.length; scan.at += 1) {
    const character = source[scan.at] ?? '';
    if (character === "'") {
      scan.at += 1;
      return null;
    }
    if (character !== '\\') {
      scan.value += character;
      continue;
    }
    const escape = readAnsiEscape(source, scan.at + 1);
    if (escape === null) return MALFORMED;
    scan.value += escape.value;
    scan.at += escape.length;
  }
  return MALFORMED;
}

/** SECURITY: bytes above ASCII and NUL are left to bash (its locale decides, and NUL ends the word), so they are not understood here. */
function readAnsiEscape(source: string, at: number): { readonly value: string; readonly length: number } | null {
  const letter = source[at] ?? '';
  const named = Object.hasOwn(ANSI_LETTERS, letter) ? ANSI_LETTERS[letter] : undefined;
  if (named !== undefined) return { value: named, length: 1 };
  ANSI_NUMBER.lastIndex = at;
  const match = ANSI_NUMBER.exec(source);
  if (match === null) return null;
  const [whole, hex, short, long, octal] = match;
  const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  return code > 0 && code < 0x80 ? { value: String.fromCharCode(code), length: whole.length } : null;
}
