import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { type McpBackend } from './mcp-backend.ts';
import { errorResponse, type McpExchange, type McpRequest, openExchange, requestIdOf } from './mcp-exchange.ts';
import { createMcpServer, type McpServing } from './mcp-server.ts';
import { createMcpSessions } from './mcp-sessions.ts';

export type { McpRequest } from './mcp-exchange.ts';

export interface McpEndpointDeps {
  backend: McpBackend;
  serverInfo: { name: string; version: string };
  maxSessionsPerToken: number;
  /** Told about bugs in the backend or the endpoint; the client sees only the reference. */
  onError?: (error: unknown, reference: string) => void;
  /** Requests of one token that may be open at once, its sessions' listening streams included. */
  maxOpenPerToken?: number;
  /** Milliseconds between two progress notifications of a waiting call. */
  progressEveryMs?: number;
  /** Milliseconds on a clock that never goes back. */
  monotonic?: () => number;
}

export interface McpEndpoint {
  /** Answers one request that passed the front door; returns when its response is complete. Never rejects. */
  handle(request: McpRequest): Promise<void>;
  /** After a token was revoked: closes its sessions and streams and aborts the signals of its pending calls. */
  endToken(tokenId: string): void;
  /** Ends everything that is open and refuses what comes later. */
  stop(): Promise<void>;
}

const OPEN_PER_TOKEN = 256;
const PROGRESS_EVERY_MS = 5000;
/** How long the last answers have to leave before their connections are dropped. */
const FAREWELL_MS = 50;

/** Speaks MCP 2026-07-28, 2025-11-25 and 2025-06-18 for the backend. The caller has judged Host, Origin, size and token and parsed the body. */
export function createMcpEndpoint(deps: McpEndpointDeps): McpEndpoint {
  const exchanges = new WeakMap<Request, McpExchange>();
  const open = new Map<string, Set<McpExchange>>();
  const calls = new Map<(message: string) => void, string>();
  const onError = deps.onError ?? (() => undefined);
  const serving: McpServing = {
    backend: deps.backend,
    serverInfo: deps.serverInfo,
    exchangeOf: (request) => request && exchanges.get(request),
    watchCall(tokenId, end) {
      calls.set(end, tokenId);
      return () => calls.delete(end);
    },
    progressEveryMs: deps.progressEveryMs ?? PROGRESS_EVERY_MS,
    onError,
  };
  const sessions = createMcpSessions({
    serving,
    maxPerToken: deps.maxSessionsPerToken,
    monotonic: deps.monotonic ?? (() => performance.now()),
  });
  // Always a stream: a call may wait for minutes, and only a stream's comments keep a silent connection alive.
  const modern = createMcpHandler(() => createMcpServer(serving, null), { legacy: 'reject', responseMode: 'sse' });
  let stopped = false;

  async function answer(exchange: McpExchange): Promise<Response> {
    const { body, request } = exchange;
    if (stopped) return errorResponse(503, -32000, 'The gateway is stopping.', requestIdOf(body));
    if (request.method === 'POST' && body === undefined) return errorResponse(400, -32700, 'Parse error: the request has no body.');
    if (Array.isArray(body)) return errorResponse(400, -32600, 'Invalid Request: JSON-RPC batches are refused.');
    if (await isLegacyRequest(request, body)) return sessions.answer(exchange);
    return modern.fetch(request, { parsedBody: body });
  }

  async function answerOrReport(exchange: McpExchange): Promise<Response> {
    try {
      return await answer(exchange);
    } catch (error) {
      const reference = randomUUID();
      onError(error, reference);
      return errorResponse(500, -32603, `Internal error (reference ${reference}).`, requestIdOf(exchange.body));
    }
  }

  async function handle(incoming: McpRequest): Promise<void> {
    const exchange = openExchange(incoming);
    const { tokenId } = incoming.principal;
    const mine = open.get(tokenId) ?? new Set();
    if (mine.size >= (deps.maxOpenPerToken ?? OPEN_PER_TOKEN)) {
      await exchange.respond(
        errorResponse(429, -32000, 'Too many requests of this token are open: wait for one to finish.', requestIdOf(exchange.body)),
      );
      return;
    }
    exchanges.set(exchange.request, exchange);
    open.set(tokenId, mine.add(exchange));
    try {
      await exchange.respond(await answerOrReport(exchange));
    } finally {
      mine.delete(exchange);
      if (mine.size === 0) open.delete(tokenId);
    }
  }

  /** Ends what one token has open, or everything: pending calls are answered first, because a client whose stream just ends waits on. */
  async function end(tokenId: string | null, status: number, message: string): Promise<void> {
    const affected = tokenId === null ? [...open.values()] : [open.get(tokenId) ?? []];
    const remaining = affected.flatMap((mine) => [...mine]);
    const closeSessions = sessions.detach(tokenId);
    for (const [endCall, owner] of [...calls]) if (tokenId === null || owner === tokenId) endCall(message);
    await delay(FAREWELL_MS);
    for (const exchange of remaining) exchange.end(status, message);
    await closeSessions();
  }

  return {
    handle,
    endToken(tokenId) {
      end(tokenId, 401, 'This token was revoked.').catch((error: unknown) => onError(error, randomUUID()));
    },
    async stop() {
      stopped = true;
      await end(null, 503, 'The gateway is stopping.');
      await modern.close();
    },
  };
}
