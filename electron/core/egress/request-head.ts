import type { EgressRefusal, EgressRequest } from '../ports/egress.ts';
import { readAuthority, type Authority } from './host-name.ts';

/** A request's head as the parser read it: names and values in turn, nothing joined or dropped. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Where requests come from that came inside a tunnel, and whether in plain or in TLS which we opened. */
export interface Tunnel extends Authority {
  readonly scheme: 'http' | 'https';
}

/**
 * A request as it goes out, every name and value of its head. Nothing else of a command's reaches a server but its body: what is to be swapped in
 * a head is swapped here, by a function from one of these to another, once the gate has let `authority` through.
 */
export interface ForwardedRequest {
  readonly kind: 'forward';
  readonly scheme: Tunnel['scheme'];
  readonly authority: Authority;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: 'none' | 'framed';
}

export type RequestPlan =
  | ForwardedRequest
  | {
      readonly kind: 'refused';
      readonly refusal: EgressRefusal;
      readonly host: string;
      readonly port: number;
      readonly request: EgressRequest | null;
    };

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

const defaultPort = (scheme: Tunnel['scheme']): number => (scheme === 'https' ? 443 : 80);

/** Reads `scheme://host…`; null for anything else. */
const splitAbsolute = (url: string, scheme: Tunnel['scheme']): { authority: Authority; path: string } | null => {
  const parts = /^([a-z]+):\/\/([^/?]+)(.*)$/i.exec(url);
  const authority = parts?.[1]?.toLowerCase() === scheme ? readAuthority(parts[2] ?? '', defaultPort(scheme)) : null;
  const rest = parts?.[3] ?? '';
  return authority === null ? null : { authority, path: rest.startsWith('/') ? rest : `/${rest}` };
};

const splitUrl = (url: string, tunnel: Tunnel | null): { authority: Authority; path: string } | null => {
  // SECURITY: printable ASCII only: a line break or a space in it would be a request of its own further on.
  if (!/^[!-~]+$/.test(url) || url.includes('#')) return null;
  if (tunnel !== null && url.startsWith('/')) return { authority: tunnel, path: url };
  return tunnel?.scheme === 'http' ? null : splitAbsolute(url, tunnel?.scheme ?? 'http');
};

/** What the log gets to hold of a request. */
const shapeOf = (method: string, path: string): EgressRequest => ({ method, pathLength: path.split('?', 1)[0]?.length ?? 0 });

const isSame = (one: Authority | null, other: Authority): boolean => one?.host === other.host && one.port === other.port;

/** What a whole head says against itself, or against the tunnel that it came in; null: nothing. */
const contradiction = ({ rawHeaders }: RequestHead, authority: Authority, tunnel: Tunnel | null): EgressRefusal | null => {
  // SECURITY: inside TLS, nobody but us compares: a target or a Host of another's is how fronting names what it is really after.
  if (tunnel !== null && !isSame(authority, tunnel)) return 'host_mismatch';
  const [host, ...more] = headerValues(rawHeaders, 'host');
  if (host === undefined || more.length > 0) return 'bad_request';
  if (!isSame(readAuthority(host, defaultPort(tunnel?.scheme ?? 'http')), authority)) return 'host_mismatch';
  // SECURITY: what follows an upgrade is no request any more, and would be compared by nobody.
  if (tunnel?.scheme === 'https' && headerValues(rawHeaders, 'upgrade').length > 0) return 'upgrade';
  return null;
};

/**
 * Decides how a request goes on: `GET http://host/…`, or inside a tunnel to `tunnel`, `GET /…`. The Host header must name
 * the same place, and the head is written anew, so that nobody further on reads it differently than we did.
 */
export const planRequest = (head: RequestHead, tunnel: Tunnel | null): RequestPlan => {
  const { method, url, rawHeaders } = head;
  const target = splitUrl(url, tunnel);
  if (target === null) {
    const isName = tunnel === null && /^http:\/\//i.test(url) && /^[!-~]+$/.test(url);
    const place = { host: tunnel?.host ?? url, port: tunnel?.port ?? 0 };
    return { kind: 'refused', refusal: isName ? 'bad_name' : 'bad_request', ...place, request: null };
  }
  const { path } = target;
  const { host, port } = tunnel ?? target.authority;
  const framing = readFraming(rawHeaders);
  const refusal = contradiction(head, target.authority, tunnel) ?? (framing === null ? 'bad_request' : null);
  if (framing === null || refusal !== null)
    return { kind: 'refused', refusal: refusal ?? 'bad_request', host, port, request: shapeOf(method, path) };
  const scheme = tunnel?.scheme ?? 'http';
  const written = port === defaultPort(scheme) ? host : `${host}:${port}`;
  const headers = { ...passedHeaders(rawHeaders, true), host: written, ...framing };
  return {
    kind: 'forward',
    scheme,
    authority: { host, port },
    method,
    path,
    headers,
    body: Object.keys(framing).length > 0 ? 'framed' : 'none',
  };
};

/** What the log gets to hold of what was decided. */
export const requestOf = (plan: RequestPlan): EgressRequest | null =>
  plan.kind === 'forward' ? shapeOf(plan.method, plan.path) : plan.request;

/** Reads `CONNECT host:port`. */
export const planConnect = ({
  url,
  rawHeaders,
}: RequestHead): { kind: 'tunnel'; authority: Authority } | Extract<RequestPlan, { kind: 'refused' }> => {
  const authority = readAuthority(url, null);
  if (authority === null) return { kind: 'refused', refusal: 'bad_name', host: url, port: 0, request: null };
  const refuse = (refusal: EgressRefusal) => ({ kind: 'refused', refusal, ...authority, request: null }) as const;
  if (headerValues(rawHeaders, 'content-length').length + headerValues(rawHeaders, 'transfer-encoding').length > 0)
    return refuse('bad_request');
  const [host, ...more] = headerValues(rawHeaders, 'host');
  if (more.length > 0) return refuse('bad_request');
  // Some clients leave the port out here.
  if (host !== undefined && readAuthority(host, authority.port)?.host !== authority.host) return refuse('host_mismatch');
  return { kind: 'tunnel', authority };
};
