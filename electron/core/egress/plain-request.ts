import type { EgressRefusal } from '../ports/egress.ts';
import { readAuthority, type Authority } from './host-name.ts';

/** A request's head as the parser read it: names and values in turn, nothing joined or dropped. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

export type RequestPlan =
  | {
      readonly kind: 'forward';
      readonly authority: Authority;
      readonly path: string;
      readonly headers: Headers;
      readonly body: 'none' | 'framed';
    }
  | { readonly kind: 'refused'; readonly refusal: EgressRefusal; readonly host: string; readonly port: number };

/** RFC 9110 7.6.1, and what only proxies read. */
const hopByHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Values of a header, in order, by its lower-case name. */
export const headerValues = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);

/** What may be passed on of a message's headers, in either direction; framing is left out where `isRequest`, to be written anew. */
export const passedHeaders = (rawHeaders: readonly string[], isRequest: boolean): Record<string, string[]> => {
  const named = headerValues(rawHeaders, 'connection').flatMap((value) => value.split(',').map((each) => each.trim().toLowerCase()));
  const dropped = new Set([...hopByHop, ...named, ...(isRequest ? ['host', 'content-length'] : [])]);
  if (!isRequest) dropped.delete('content-length');
  const passed = new Map<string, string[]>();
  rawHeaders.forEach((value, index) => {
    const name = rawHeaders[index - 1]?.toLowerCase() ?? '';
    if (index % 2 === 1 && !dropped.has(name)) passed.set(name, [...(passed.get(name) ?? []), value]);
  });
  return Object.fromEntries(passed);
};

/** How the body is framed, said once by us; null when the head says it twice or in a way that servers read differently. */
const readFraming = (rawHeaders: readonly string[]): Headers | null => {
  const lengths = headerValues(rawHeaders, 'content-length');
  const codings = headerValues(rawHeaders, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return null;
  if (lengths[0] !== undefined) return /^[0-9]{1,15}$/.test(lengths[0]) ? { 'content-length': lengths[0] } : null;
  if (codings[0] !== undefined) return codings[0].toLowerCase() === 'chunked' ? { 'transfer-encoding': 'chunked' } : null;
  return {};
};

const splitUrl = (url: string, tunnel: Authority | null): { authority: Authority; path: string } | null => {
  // SECURITY: printable ASCII only: a line break or a space in it would be a request of its own further on.
  if (!/^[!-~]+$/.test(url) || url.includes('#')) return null;
  if (tunnel !== null) return url.startsWith('/') ? { authority: tunnel, path: url } : null;
  const parts = /^http:\/\/([^/?]+)(.*)$/i.exec(url);
  const authority = readAuthority(parts?.[1] ?? '', 80);
  const rest = parts?.[2] ?? '';
  return authority === null ? null : { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
};

/**
 * Decides how a plain HTTP request goes on: `GET http://host/…`, or inside a tunnel to `tunnel`, `GET /…`. The Host header must name
 * the same place, and the head is written anew, so that nobody further on reads it differently than we did.
 */
export const planRequest = ({ url, rawHeaders }: RequestHead, tunnel: Authority | null): RequestPlan => {
  const target = splitUrl(url, tunnel);
  if (target === null) {
    const isName = tunnel === null && /^http:\/\//i.test(url) && /^[!-~]+$/.test(url);
    return { kind: 'refused', refusal: isName ? 'bad_name' : 'bad_request', host: tunnel?.host ?? url, port: tunnel?.port ?? 0 };
  }
  const { authority, path } = target;
  const refuse = (refusal: EgressRefusal): RequestPlan => ({ kind: 'refused', refusal, ...authority });
  const [host, ...more] = headerValues(rawHeaders, 'host');
  if (host === undefined || more.length > 0) return refuse('bad_request');
  const named = readAuthority(host, 80);
  if (named?.host !== authority.host || named.port !== authority.port) return refuse('host_mismatch');
  const framing = readFraming(rawHeaders);
  if (framing === null) return refuse('bad_request');
  const written = authority.port === 80 ? authority.host : `${authority.host}:${authority.port}`;
  const headers = { ...passedHeaders(rawHeaders, true), host: written, ...framing };
  return { kind: 'forward', authority, path, headers, body: Object.keys(framing).length > 0 ? 'framed' : 'none' };
};

/** Reads `CONNECT host:port`. */
export const planConnect = ({
  url,
  rawHeaders,
}: RequestHead): { kind: 'tunnel'; authority: Authority } | Extract<RequestPlan, { kind: 'refused' }> => {
  const authority = readAuthority(url, null);
  if (authority === null) return { kind: 'refused', refusal: 'bad_name', host: url, port: 0 };
  const refuse = (refusal: EgressRefusal) => ({ kind: 'refused', refusal, ...authority }) as const;
  if (headerValues(rawHeaders, 'content-length').length + headerValues(rawHeaders, 'transfer-encoding').length > 0)
    return refuse('bad_request');
  const [host, ...more] = headerValues(rawHeaders, 'host');
  if (more.length > 0) return refuse('bad_request');
  // Some clients leave the port out here.
  if (host !== undefined && readAuthority(host, authority.port)?.host !== authority.host) return refuse('host_mismatch');
  return { kind: 'tunnel', authority };
};
