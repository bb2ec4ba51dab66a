import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { Digest } from '../../shared/domain/identity.ts';
import type { JsonValue } from '../../shared/json.ts';

/** Deeper than anything the strict parser lets in; also what ends a value that contains itself. */
const MAX_DEPTH = 200;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The one text of a JSON value: RFC 8785 (JCS). Digests, approvals and the audit log are all taken over this form.
 * Errors: `invalid_input` for whatever has no such text: NaN, infinities, lone surrogates, `undefined`, functions, objects that are not
 * plain, values nested deeper than 200.
 */
export function canonicalJson(value: JsonValue): string {
  return write(value, 0);
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes. */
export function sha256Hex(content: string | Uint8Array): Digest {
  const hash = createHash('sha256');
  if (typeof content === 'string') hash.update(content, 'utf8');
  else hash.update(content);
  return hash.digest('hex') as Digest;
}

// `unknown`, because callers' types are promises and this is where they are checked.
function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw refused(`it is nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'string') return writeString(value);
  if (Array.isArray(value)) return writeArray(value, depth);
  if (typeof value === 'object') return writeObject(value, depth);
  throw refused(`it holds a value of type ${typeof value}`);
}

// RFC 8785 §3.2.2.3 is ECMAScript's own number formatting, in which −0 is 0.
function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw refused(`it holds ${value}`);
  return String(value);
}

function writeString(value: string): string {
  // SECURITY: a lone surrogate becomes U+FFFD in UTF-8, so two different strings would share one digest.
  if (LONE_SURROGATE.test(value)) throw refused('it holds a lone surrogate');
  return JSON.stringify(value);
}

function writeArray(values: readonly unknown[], depth: number): string {
  // Array.from, because map() would skip holes.
  return `[${Array.from(values, (item) => write(item, depth + 1)).join(',')}]`;
}

function writeObject(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused('it holds an object that is not plain');
  if (Object.getOwnPropertySymbols(value).length > 0) throw refused('it holds a key that is a symbol');
  const entries = new Map<string, unknown>(Object.entries(value));
  // sort() without a comparator compares UTF-16 code units, as RFC 8785 §3.2.3 asks.
  const keys = [...entries.keys()].sort();
  return `{${keys.map((key) => `${writeString(key)}:${write(entries.get(key), depth + 1)}`).join(',')}}`;
}

const refused = (why: string): AppError =>
  new AppError('invalid_input', `The value has no canonical JSON form: ${why}. Send plain JSON with finite numbers and well-formed text.`);
