import type { IncomingMessage } from 'node:http';

/** Bytes of a callback; larger ones are refused before anything is read. */
export const maxCallbackBytes = 65_536;

/** A request that is turned away, and with what. Safe to send and to log: never what the peer sent. */
export interface CallbackRefusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 411 | 413 | 415 | 429 | 503;
  readonly reason: string;
}

export type CallbackRoute = 'slack' | 'discord';

export interface CallbackDoorSettings {
  readonly port: number;
  /** The Host that the operator's tunnel sends; empty: none. */
  readonly host: string;
}

const routes: ReadonlyMap<string, { readonly route: CallbackRoute; readonly type: RegExp }> = new Map([
  ['/slack', { route: 'slack', type: /^application\/x-www-form-urlencoded[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i }],
  ['/discord', { route: 'discord', type: /^application\/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i }],
]);

const singleHeaders = [
  'host',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'x-slack-signature',
  'x-slack-request-timestamp',
  'x-signature-ed25519',
  'x-signature-timestamp',
];

/** Every value of a header as it came over the wire; Node's own view would hide duplicates. */
export function headerValues(request: IncomingMessage, name: string): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) found.push(request.rawHeaders[i + 1] ?? '');
  }
  return found;
}

/** The headers in the one order of every front door (THREATS rule 8): Host → Origin → method and route → Content-Type → size. */
export function checkCallback(
  request: IncomingMessage,
  { port, host }: CallbackDoorSettings,
): { readonly route: CallbackRoute } | CallbackRefusal {
  const hosts = headerValues(request, 'host');
  if (hosts.length !== 1) return { status: 400, reason: 'Exactly one Host header is needed.' };
  // SECURITY: exact names only, so that a web page whose name was rebound to 127.0.0.1 is turned away.
  const known = [`127.0.0.1:${port.toString()}`, `localhost:${port.toString()}`, ...(host === '' ? [] : [host])];
  if (!known.includes(hosts[0] ?? '')) return { status: 403, reason: 'The Host header does not name this listener.' };
  // SECURITY: services send no Origin, pages do. No Access-Control header is ever sent.
  if (headerValues(request, 'origin').length > 0) return { status: 403, reason: 'Requests from web pages are refused.' };
  const twice = singleHeaders.find((name) => headerValues(request, name).length > 1);
  if (twice !== undefined) return { status: 400, reason: `More than one ${twice} header.` };
  // The path as it came: nothing is decoded, collapsed or resolved.
  const served = routes.get(request.url ?? '');
  if (served === undefined) return { status: 404, reason: 'There is nothing at this path.' };
  if (request.method !== 'POST') return { status: 405, reason: 'Only POST is served here.' };
  if (!served.type.test(headerValues(request, 'content-type')[0] ?? ''))
    return { status: 415, reason: 'This content type is not served here.' };
  return checkBody(request) ?? { route: served.route };
}

function checkBody(request: IncomingMessage): CallbackRefusal | null {
  const encoding = headerValues(request, 'content-encoding')[0];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return { status: 415, reason: 'Compressed bodies are refused.' };
  const length = headerValues(request, 'content-length')[0];
  if (length === undefined)
    return headerValues(request, 'transfer-encoding').length === 1 ? null : { status: 411, reason: 'Send a Content-Length.' };
  if (!/^[0-9]{1,12}$/.test(length)) return { status: 400, reason: 'The Content-Length is not a number.' };
  return Number(length) <= maxCallbackBytes ? null : { status: 413, reason: 'The body is too long.' };
}

/** The raw body, which the signature covers; null when it is longer than allowed or broke off. */
export async function readCallbackBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxCallbackBytes) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return request.complete ? Buffer.concat(chunks) : null;
}
