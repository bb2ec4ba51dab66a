import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import { sha256Hex } from '../canonical-json.ts';

/** Characters of one string that go into the log as they are; longer ones are cut, with their length and hash. */
const keptCharacters = 4096;

/** Arguments as the log holds them: whole, but for long strings, of which the beginning, the length and the SHA-256 are kept. */
export function auditedArguments(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, shorten(value)]));
}

function shorten(value: JsonValue): JsonValue {
  if (typeof value === 'string')
    return value.length <= keptCharacters ? value : { text: cut(value), characters: value.length, sha256: sha256Hex(value) };
  if (Array.isArray(value)) return value.map(shorten);
  if (value !== null && typeof value === 'object') return auditedArguments(value);
  return value;
}

/** Never in the middle of a surrogate pair, which canonical JSON would refuse. */
function cut(text: string): string {
  const last = text.charCodeAt(keptCharacters - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? keptCharacters - 1 : keptCharacters);
}
