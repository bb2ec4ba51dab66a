import type { IncomingMessage } from 'node:http';

/** Bytes of a request body; larger ones are refused before anything is read. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** A request that is turned away, and with what. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 411 | 413 | 415 | 421 | 429;
  /** Safe to send and to log: never contains what the peer sent. */
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Route = 'mcp' | 'proof';

export interface FrontDoorSettings {
  readonly port: number;
  readonly allowedOrigins: readonly string[];
}

const routes = new Map<string, { readonly route: Route; readonly methods: readonly string[] }>([
  ['/mcp', { route: 'mcp', methods: ['POST', 'GET', 'DELETE'] }],
  ['/proof', { route: 'proof', methods: ['POST'] }],
]);

const singleHeaders = [
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'mcp-session-id',
  'mcp-protocol-version',
];

/**
 * The part of the front door that looks at headers only, in the one order for every path: Host → Origin → method and route → Content-Type → size.
 * The bearer token and the body come after it. Returns the route, or the refusal.
 */
export function checkHeaders(request: IncomingMessage, settings: FrontDoorSettings): { readonly route: Route } | Refusal {
  return (
    checkHost(request, settings) ??
    checkOrigin(request, settings) ??
    checkDuplicates(request) ??
    checkRoute(request) ?? { status: 404, reason: 'There is nothing at this path.' }
  );
}

/** Every value of a header as it came over the wire; Node's own view would hide duplicates. */
function values(request: IncomingMessage, name: string): string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === name) found.push(request.rawHeaders[i + 1] ?? '');
  }
  return found;
}

// SECURITY: exact names only, so that a web page whose name was rebound to 127.0.0.1 is turned away.
function checkHost(request: IncomingMessage, { port }: FrontDoorSettings): Refusal | null {
  const hosts = values(request, 'host');
  if (hosts.length !== 1) return { status: 400, reason: 'Exactly one Host header is needed.' };
  const isOurs = hosts[0] === `127.0.0.1:${port.toString()}` || hosts[0] === `localhost:${port.toString()}`;
  return isOurs ? null : { status: 403, reason: 'The Host header does not name this gateway.' };
}

// SECURITY: browsers send Origin, agents do not. No Access-Control header is ever sent, so that no page can read an answer.
function checkOrigin(request: IncomingMessage, { allowedOrigins }: FrontDoorSettings): Refusal | null {
  const origins = values(request, 'origin');
  if (origins.length === 0) return null;
  if (origins.length > 1) return { status: 400, reason: 'More than one Origin header.' };
  return allowedOrigins.includes(origins[0] ?? '') ? null : { status: 403, reason: 'Requests from web pages are refused.' };
}

function checkDuplicates(request: IncomingMessage): Refusal | null {
  const twice = singleHeaders.find((name) => values(request, name).length > 1);
  return twice === undefined ? null : { status: 400, reason: `More than one ${twice} header.` };
}

function checkRoute(request: IncomingMessage): { readonly route: Route } | Refusal | null {
  // The path as it came: nothing is decoded, collapsed or resolved, so that there is one spelling.
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const known = routes.get(path);
  if (known === undefined) return null;
  if (!known.methods.includes(request.method ?? '')) {
    return { status: 405, reason: 'This method is not served here.', headers: { allow: known.methods.join(', ') } };
  }
  return (request.method === 'POST' ? (checkContentType(request) ?? checkSize(request)) : checkNoBody(request)) ?? { route: known.route };
}

function checkContentType(request: IncomingMessage): Refusal | null {
  const type = values(request, 'content-type')[0] ?? '';
  const isJson = /^application\/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i.test(type);
  if (!isJson) return { status: 415, reason: 'Send application/json.' };
  const encoding = values(request, 'content-encoding')[0];
  return encoding === undefined || encoding.toLowerCase() === 'identity' ? null : { status: 415, reason: 'Compressed bodies are refused.' };
}

function checkSize(request: IncomingMessage): Refusal | null {
  const length = values(request, 'content-length')[0];
  if (length === undefined)
    return values(request, 'transfer-encoding').length === 1 ? null : { status: 411, reason: 'Send a Content-Length.' };
  if (!/^[0-9]{1,12}$/.test(length)) return { status: 400, reason: 'The Content-Length is not a number.' };
  return Number(length) <= maxBodyBytes ? null : { status: 413, reason: `The body may have at most ${maxBodyBytes.toString()} bytes.` };
}

function checkNoBody(request: IncomingMessage): Refusal | null {
  const length = values(request, 'content-length')[0];
  const hasBody = (length !== undefined && length !== '0') || values(request, 'transfer-encoding').length > 0;
  return hasBody ? { status: 400, reason: 'This method takes no body.' } : null;
}

/** The bearer token of the Authorization header, or null. Never taken from a query string, a cookie or a body. */
export function bearerOf(request: IncomingMessage): string | null {
  const header = values(request, 'authorization')[0] ?? '';
  const match = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header);
  return match?.[1] ?? null;
}

/**
 * Reads a body of at most `limit` bytes. Errors: `too_large`; or `aborted` when the peer went away. SECURITY: an endless body is cut off
 * by the limit, a slow one by the listener's request time limit.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<{ readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly why: 'too_large' | 'aborted' }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) return { ok: false, why: 'too_large' };
      chunks.push(chunk);
    }
  } catch {
    return { ok: false, why: 'aborted' };
  }
  return { ok: true, bytes: Buffer.concat(chunks) };
}
