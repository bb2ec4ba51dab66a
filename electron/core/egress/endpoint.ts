import { readAddress } from './address.ts';
import { isLoopback } from './address-policy.ts';
import { normaliseHost } from './host-name.ts';

/** A place that the operator wants JSON posted to, with nothing in it that two parsers could read differently. */
export interface Endpoint {
  readonly isSecure: boolean;
  /** Punycode in lower case, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** As it may be logged: without the query, which may hold a key. */
  readonly shown: string;
}

export type ReadEndpoint = { readonly ok: true; readonly endpoint: Endpoint } | { readonly ok: false; readonly why: string };

/** Reads `https://host[:port]/path[?query]`; `http` only with `mayBePlain` and to this machine itself. No user name, no fragment, no escapes in the host. */
export const readEndpoint = (text: string, mayBePlain: boolean): ReadEndpoint => {
  const refuse = (why: string): ReadEndpoint => ({ ok: false, why });
  if (text === '') return refuse('there is no address');
  // SECURITY: the URL parser drops tabs and line ends and turns backslashes round; what it would change is refused.
  if (!/^https?:\/\/[^\s\\@#\u0000-\u0020\u007f]+$/.test(text) || text.length > 2000) return refuse('it is not an http or https address');
  const url = parsed(text);
  if (url === null) return refuse('it is not an http or https address');
  const isSecure = url.protocol === 'https:';
  const bare = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const host = readAddress(bare) === null ? normaliseHost(bare) : bare;
  if (host === null) return refuse('its host is no name and no plain address');
  if (!isSecure && !(mayBePlain && isHere(host))) return refuse('it must be https');
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  return { ok: true, endpoint: { isSecure, host, port, path: `${url.pathname}${url.search}`, shown: `${url.origin}${url.pathname}` } };
};

function isHere(host: string): boolean {
  const address = readAddress(host);
  return address === null ? host === 'localhost' : isLoopback(address);
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
