import { domainToASCII } from 'node:url';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const name = new RegExp(`^${label}(?:\\.${label})*$`);

/**
 * The one spelling of a host name: punycode, lower case, no trailing dot. Null for anything else: addresses in every notation
 * (`127.1`, `0x7f000001`, `[::1]`, full-width digits), user information, ports, escapes, control characters, underscores.
 */
export const normaliseHost = (text: string): string | null => {
  // SECURITY: domainToASCII stops at `/`, `?`, `#` and `:` and decodes `%`, so that those must not reach it.
  if (text.length > 253 + 1 || !/^[A-Za-z0-9.\-\u{80}-\u{10ffff}]+$/u.test(text)) return null;
  const ascii = domainToASCII(text).toLowerCase().replace(/\.$/, '');
  if (ascii.length > 253 || !name.test(ascii)) return null;
  // SECURITY: URL parsers and inet_aton read a host whose last label is a number as an IPv4 address.
  const last = ascii.slice(ascii.lastIndexOf('.') + 1);
  return /^(?:[0-9]+|0x[0-9a-f]*)$/.test(last) ? null : ascii;
};

export interface Authority {
  readonly host: string;
  readonly port: number;
}

/** Reads `host` or `host:port` as a request carries it: ASCII, nothing else in it. `defaultPort` null: the port must be there. */
export const readAuthority = (text: string, defaultPort: number | null): Authority | null => {
  const parts = /^([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(text);
  const host = normaliseHost(parts?.[1] ?? '');
  const port = parts?.[2] === undefined ? defaultPort : Number(parts[2]);
  return host === null || port === null || port < 1 || port > 65_535 ? null : { host, port };
};
