import type { JsonValue } from '../../shared/json.ts';
import { AppError } from '../../shared/errors.ts';

export interface StrictJsonLimits {
  /** Nesting of arrays and objects; a bare value has depth 0. */
  readonly maxDepth: number;
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
  /** Values in the document, keys not counted. */
  readonly maxNodes: number;
}

export const STRICT_JSON_LIMITS: StrictJsonLimits = { maxDepth: 32, maxBytes: 4 * 1024 * 1024, maxNodes: 100_000 };

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f\ud800-\udfff]+/y;
const HEX = /[0-9a-fA-F]{4}/y;
const WORDS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

interface Cursor {
  readonly text: string;
  readonly limits: StrictJsonLimits;
  at: number;
  nodes: number;
}

/**
 * Parses I-JSON (RFC 7493), once and strictly: UTF-8 that decodes without replacement, no byte order mark, no duplicate keys, integers
 * only within ±(2^53−1), finite numbers, no lone surrogates, bounded depth, size and count, nothing after the value.
 *
 * Objects have the ordinary prototype, and every key is an own data property that was defined, never assigned: a key `__proto__` or
 * `constructor` is data like any other, so that a strict zod schema sees it as an unrecognized key and refuses it.
 * (`z.record` drops a `__proto__` key without a word, so never judge by a record's output.) −0 becomes 0, as RFC 8785 writes it.
 *
 * Errors: `invalid_input` with line and column (both from 1, in UTF-16 units).
 */
export function parseStrictJson(source: string | Uint8Array, limits: Partial<StrictJsonLimits> = {}): JsonValue {
  const effective = { ...STRICT_JSON_LIMITS, ...limits };
  const text = typeof source === 'string' ? boundText(source, effective.maxBytes) : decode(source, effective.maxBytes);
  const cursor: Cursor = { text, limits: effective, at: 0, nodes: 0 };
  if (text.charCodeAt(0) === 0xfeff) throw failure(cursor, 'it starts with a byte order mark');
  skipSpace(cursor);
  const value = parseValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < text.length) throw failure(cursor, 'there is text after the end of the value');
  return value;
}

function boundText(text: string, maxBytes: number): string {
  if (text.length > maxBytes || Buffer.byteLength(text, 'utf8') > maxBytes) throw tooLarge(maxBytes);
  return text;
}

function decode(bytes: Uint8Array, maxBytes: number): string {
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('invalid_input', 'The JSON text was refused: it is not valid UTF-8. Send it encoded as UTF-8.', { cause });
  }
}

const tooLarge = (maxBytes: number) =>
  new AppError('invalid_input', `The JSON text was refused: it is larger than ${String(maxBytes)} bytes. Send less at once.`);

function failure(cursor: Cursor, what: string): AppError {
  const before = cursor.text.slice(0, cursor.at);
  const line = before.split('\n').length;
  const column = cursor.at - before.lastIndexOf('\n');
  return new AppError('invalid_input', `The JSON text was refused at line ${String(line)}, column ${String(column)}: ${what}.`);
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
}

function parseValue(cursor: Cursor, depth: number): JsonValue {
  cursor.nodes += 1;
  if (cursor.nodes > cursor.limits.maxNodes) throw failure(cursor, `it holds more than ${String(cursor.limits.maxNodes)} values`);
  const character = cursor.text[cursor.at];
  if (character === '{' || character === '[') {
    if (depth >= cursor.limits.maxDepth) throw failure(cursor, `it is nested deeper than ${String(cursor.limits.maxDepth)} levels`);
    return character === '{' ? parseObject(cursor, depth + 1) : parseArray(cursor, depth + 1);
  }
  if (character === '"') return parseString(cursor);
  return parseWord(cursor);
}

function parseWord(cursor: Cursor): JsonValue {
  for (const [word, value] of WORDS) {
    if (cursor.text.startsWith(word, cursor.at)) {
      cursor.at += word.length;
      return value;
    }
  }
  return parseNumber(cursor);
}

function parseNumber(cursor: Cursor): number {
  NUMBER.lastIndex = cursor.at;
  const match = NUMBER.exec(cursor.text);
  if (match === null) throw failure(cursor, cursor.at < cursor.text.length ? 'a value was expected here' : 'it ends too early');
  const value = Number(match[0]);
  if (!Number.isFinite(value)) throw failure(cursor, 'the number is too large');
  // SECURITY: beyond 2^53 two different integers become one double, so that what is shown is not what was sent.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw failure(cursor, 'the integer is beyond ±9007199254740991');
  cursor.at += match[0].length;
  return value === 0 ? 0 : value;
}

function parseString(cursor: Cursor): string {
  let value = '';
  cursor.at += 1;
  for (;;) {
    PLAIN.lastIndex = cursor.at;
    const run = PLAIN.exec(cursor.text)?.[0] ?? '';
    value += run;
    cursor.at += run.length;
    const character = cursor.text[cursor.at];
    if (character === '"') {
      cursor.at += 1;
      return value;
    }
    if (character === undefined) throw failure(cursor, 'a string is not closed');
    value += character === '\\' ? parseEscape(cursor) : parsePair(cursor);
  }
}

/** A raw surrogate pair, or a refusal: everything else that PLAIN stops at may not stand in a string. */
function parsePair(cursor: Cursor): string {
  const high = cursor.text.charCodeAt(cursor.at);
  if (high < 0x20) throw failure(cursor, 'a string holds a raw control character; escape it');
  if (!isHigh(high) || !isLow(cursor.text.charCodeAt(cursor.at + 1))) throw failure(cursor, 'a string holds a lone surrogate');
  cursor.at += 2;
  return cursor.text.slice(cursor.at - 2, cursor.at);
}

function parseEscape(cursor: Cursor): string {
  const letter = cursor.text[cursor.at + 1] ?? '';
  if (letter !== 'u') {
    const value = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (value === undefined) throw failure(cursor, 'a string holds an escape that JSON does not have');
    cursor.at += 2;
    return value;
  }
  const first = parseUnit(cursor);
  if (!isHigh(first) && !isLow(first)) return String.fromCharCode(first);
  const second = isHigh(first) && cursor.text.startsWith('\\u', cursor.at) ? parseUnit(cursor) : 0;
  if (!isLow(second)) throw failure(cursor, 'a string holds an escaped lone surrogate');
  return String.fromCharCode(first, second);
}

function parseUnit(cursor: Cursor): number {
  HEX.lastIndex = cursor.at + 2;
  const digits = HEX.exec(cursor.text)?.[0];
  if (digits === undefined) throw failure(cursor, 'four hexadecimal digits must follow \\u');
  cursor.at += 6;
  return Number.parseInt(digits, 16);
}

const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

function parseArray(cursor: Cursor, depth: number): JsonValue[] {
  const values: JsonValue[] = [];
  if (opensEmpty(cursor, ']')) return values;
  do {
    skipSpace(cursor);
    values.push(parseValue(cursor, depth));
  } while (hasMore(cursor, ']'));
  return values;
}

function parseObject(cursor: Cursor, depth: number): JsonValue {
  const value: { [key: string]: JsonValue } = {};
  if (opensEmpty(cursor, '}')) return value;
  do {
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== '"') throw failure(cursor, 'a key in double quotes was expected here');
    const start = cursor.at;
    const key = parseString(cursor);
    // SECURITY: of two equal keys one parser takes the first and another the last; then what is approved is not what runs.
    if (Object.hasOwn(value, key)) throw failure({ ...cursor, at: start }, 'the key appears twice in one object');
    skipSpace(cursor);
    if (cursor.text[cursor.at] !== ':') throw failure(cursor, 'a colon was expected here');
    cursor.at += 1;
    skipSpace(cursor);
    define(value, key, parseValue(cursor, depth));
  } while (hasMore(cursor, '}'));
  return value;
}

/** SECURITY: assigning to `__proto__` would change the object's prototype instead of adding a key. */
function define(target: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

function opensEmpty(cursor: Cursor, close: string): boolean {
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== close) return false;
  cursor.at += 1;
  return true;
}

function hasMore(cursor: Cursor, close: string): boolean {
  skipSpace(cursor);
  const character = cursor.text[cursor.at];
  if (character !== ',' && character !== close) {
    throw failure(cursor, character === undefined ? 'it ends too early' : `a comma or ${close} was expected here`);
  }
  cursor.at += 1;
  return character === ',';
}
