import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type McpPrincipal } from './mcp-backend.ts';

/** A request that passed the front door: `body` is its strictly parsed JSON, undefined for GET and DELETE. */
export interface McpRequest {
  req: IncomingMessage;
  res: ServerResponse;
  body: unknown;
  principal: McpPrincipal;
}

/** One HTTP request with its response, as the MCP code sees it. */
export interface McpExchange {
  readonly principal: McpPrincipal;
  readonly body: unknown;
  /** What the SDK is given: the protocol's own headers and no body. */
  readonly request: Request;
  /** Aborted once the response is complete, the connection is gone, or `end` was called. */
  readonly closed: AbortSignal;
  /** Writes a response and returns when it is complete or the connection is gone. */
  respond(response: Response): Promise<void>;
  /** Breaks the exchange off: with this status if nothing was sent yet, else by dropping the connection. Nothing if it is complete. */
  end(status: number, message: string): void;
}

// SECURITY: only these reach the SDK, and through it our handlers. The bearer token is not one of them.
const PROTOCOL_HEADERS = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id', 'last-event-id'];
// The SDK reads no address from it; the front door has judged the real one.
const NOWHERE = 'http://127.0.0.1/mcp';

/** A JSON-RPC error as an HTTP response. `id` is that of the request, null where it has none. */
export function errorResponse(status: number, code: number, message: string, id: string | number | null = null): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status });
}

/** The id of a JSON-RPC request; null for anything else. */
export function requestIdOf(body: unknown): string | number | null {
  const { id, method } = membersOf(body);
  return typeof method === 'string' && (typeof id === 'string' || typeof id === 'number') ? id : null;
}

/** The members of a JSON object; none for any other value. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Opens the exchange of one request. */
export function openExchange({ req, res, body, principal }: McpRequest): McpExchange {
  const closing = new AbortController();
  const close = (): void => closing.abort();
  res.once('close', close);
  if (res.destroyed) close();
  return {
    principal,
    body,
    request: new Request(NOWHERE, { method: req.method ?? 'GET', headers: protocolHeadersOf(req), signal: closing.signal }),
    closed: closing.signal,
    respond: (response) => writeResponse(response, res),
    end(status, message) {
      if (closing.signal.aborted) return;
      close();
      if (res.headersSent) res.destroy();
      else void writeResponse(errorResponse(status, -32000, message, requestIdOf(body)), res);
    },
  };
}

function protocolHeadersOf(req: IncomingMessage): [string, string][] {
  return PROTOCOL_HEADERS.flatMap((name): [string, string][] => {
    const value = req.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
}

async function writeResponse(response: Response, res: ServerResponse): Promise<void> {
  const { body } = response;
  if (res.destroyed || res.headersSent) {
    await body?.cancel();
    return;
  }
  res.writeHead(response.status, Object.fromEntries(response.headers));
  if (body === null) {
    res.end();
    return;
  }
  // A stream may stay silent for minutes: the client must learn at once that it is open.
  res.flushHeaders();
  const reader = body.getReader();
  // The SDK notices a lost connection only by this: a session's GET stream would otherwise stay taken.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  res.once('close', cancel);
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!res.write(part.value)) await drained(res);
    }
  } finally {
    res.off('close', cancel);
    res.end();
  }
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
    if (res.destroyed) done();
  });
}
