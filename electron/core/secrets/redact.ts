import type { JsonObject, JsonValue } from '../../../shared/json.ts';

/** What stands in the place of a secret. */
export const redacted = '[redacted]';

/** Names of arguments whose values are secrets, whatever they hold. Case, dashes and underscores do not count. */
const secretName =
  /(passwords?|passwd|passphrase|pwd|secrets?|tokens?|apikeys?|accesskeys?|secretkeys?|privatekeys?|credentials?|authorization|cookies?|sessionids?|connectionstring|clientsecret|otp|pin)$/i;

/**
 * Values that are secrets wherever they stand, each with what is kept before it. Known prefixes of issuers, bearer headers, options and
 * assignments with a telling name, passwords in addresses, private keys.
 */
const secretValues: readonly RegExp[] = [
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b()(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})/g,
  /\b()(?:sk-[A-Za-z0-9_-]{16,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{40,}|hf_[A-Za-z0-9]{20,})/g,
  /\b()eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /\b(https?:\/\/hooks\.slack\.com\/)[A-Za-z0-9/_-]+/g,
  /\b((?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}/gi,
  /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi,
  /((?:^|[\s"'`;&|(,{?-])[A-Za-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization)["']?\s*(?:=|:)\s*["']?)(?!\[redacted\])[^\s"'`;&|]+/gi,
  /((?:^|\s)--?(?:password|passwd|passphrase|secret|token|api-?key|access-?key|private-?key)\s+["']?)(?!\[redacted\])[^\s"'`;&|]+/gi,
];

/** The text with every secret that can be told as one replaced. */
export function redactText(text: string): string {
  return secretValues.reduce((left, pattern) => left.replace(pattern, (_, kept: string) => `${kept}${redacted}`), text);
}

/**
 * Arguments as they may leave this machine. What is not recognised stays: this keeps accidents in, it does not prove that nothing secret
 * goes out.
 */
export function redactArguments(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, redactNamed(name, value)]));
}

function redactNamed(name: string, value: JsonValue): JsonValue {
  const isEmpty = value === null || value === '' || typeof value === 'boolean';
  return !isEmpty && secretName.test(name.replace(/[-_.\s]/g, '')) ? redacted : redactValue(value);
}

function redactValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (value !== null && typeof value === 'object') return redactArguments(value);
  return value;
}
