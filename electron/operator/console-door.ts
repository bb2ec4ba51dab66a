import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../../shared/errors.ts';

export interface DoorRefusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

const refusal = (status: number, code: ErrorCode, message: string): DoorRefusal => ({ status, code, message });

/** Every value of a header as it was sent: `req.headers` joins or drops duplicates. */
export function rawValues(req: IncomingMessage, name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < req.rawHeaders.length; at += 2) {
    if (req.rawHeaders[at]?.toLowerCase() === name) values.push(req.rawHeaders[at + 1] ?? '');
  }
  return values;
}

/**
 * SECURITY: the console's front door, in this order for every path (THREATS rule 8): exact Host, so that a rebound name gets nothing;
 * own Origin, so that another page gets nothing; method. Null when the request may go on.
 */
export function consoleDoor(req: IncomingMessage, port: number): DoorRefusal | null {
  const hosts = rawValues(req, 'host');
  const origins = rawValues(req, 'origin');
  if (hosts.length !== 1 || origins.length > 1) return refusal(400, 'invalid_input', 'Send one Host and at most one Origin.');
  const host = hosts[0] ?? '';
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return refusal(403, 'forbidden', 'This console does not go by that name.');
  const origin = origins[0];
  if (origin !== undefined && origin !== `http://${host}`) return refusal(403, 'forbidden', 'Requests from other pages are refused.');
  if (req.method !== 'GET' && req.method !== 'POST') return refusal(405, 'invalid_input', 'Only GET and POST are answered.');
  if (req.method === 'POST' && origin === undefined) return refusal(403, 'forbidden', 'A POST must name its Origin.');
  const site = rawValues(req, 'sec-fetch-site');
  const isApi = (req.url ?? '').startsWith('/api/');
  if (isApi && site.some((value) => value !== 'same-origin')) return refusal(403, 'forbidden', 'Requests from other pages are refused.');
  return null;
}
