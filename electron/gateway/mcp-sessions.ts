import { randomUUID } from 'node:crypto';
import {
  isInitializeRequest,
  type McpServer,
  type RequestId,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { errorResponse, membersOf, requestIdOf, type McpExchange } from './mcp-exchange.ts';
import { clientClaim, createMcpServer, type McpServing, type McpSessionView } from './mcp-server.ts';

/** The sessions of the 2025 revisions. */
export interface McpSessions {
  answer(exchange: McpExchange): Promise<Response>;
  /** Forgets the sessions of a token, or all; the returned function closes them, their streams and what still runs in them. */
  detach(tokenId: string | null): () => Promise<void>;
}

interface Session {
  readonly id: string;
  readonly tokenId: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: McpServer;
  /** Calls the client may still wait for; `received` until the handler runs. */
  readonly calls: Map<RequestId, 'received' | 'running'>;
  posts: number;
  streams: number;
  lastUsed: number;
}

// A coding agent may sit quiet through a working day; the bound per token is what protects the gateway.
const IDLE_LIMIT_MS = 8 * 60 * 60 * 1000;

/** Serves 2025-11-25 and 2025-06-18. `monotonic` is in milliseconds. */
export function createMcpSessions(deps: { serving: McpServing; maxPerToken: number; monotonic: () => number }): McpSessions {
  const sessions = new Map<string, Session>();

  async function answer(exchange: McpExchange): Promise<Response> {
    dropExpired();
    const id = exchange.request.headers.get('mcp-session-id');
    if (id !== null) return converse(sessions.get(id), exchange);
    if (isInitializeRequest(exchange.body)) return open(exchange);
    return errorResponse(400, -32000, 'Mcp-Session-Id header is required: send a valid initialize first.', requestIdOf(exchange.body));
  }

  async function converse(session: Session | undefined, exchange: McpExchange): Promise<Response> {
    const requestId = requestIdOf(exchange.body);
    // SECURITY: another token's session answers exactly like one that does not exist.
    if (session?.tokenId !== exchange.principal.tokenId) return errorResponse(404, -32001, 'Session not found', requestId);
    // A second use of a pending id would take over its stream and its cancellation.
    if (requestId !== null && session.calls.has(requestId))
      return errorResponse(400, -32600, 'Invalid Request: this id is still in use.', requestId);
    count(session, exchange, requestId);
    return session.transport.handleRequest(exchange.request, { parsedBody: exchange.body });
  }

  async function open(exchange: McpExchange): Promise<Response> {
    const { tokenId } = exchange.principal;
    if (!makeRoom(tokenId)) {
      return errorResponse(429, -32000, 'Too many sessions of this token are busy: close one and try again.', requestIdOf(exchange.body));
    }
    const session = createSession(deps.serving, tokenId, membersOf(exchange.body)['params'], deps.monotonic());
    sessions.set(session.id, session);
    session.server.server.onclose = () => sessions.delete(session.id);
    count(session, exchange, null);
    await session.server.connect(session.transport);
    const response = await session.transport.handleRequest(exchange.request, { parsedBody: exchange.body });
    // An initialize that the protocol refused leaves nothing behind.
    if (session.transport.sessionId === undefined) await session.server.close();
    return response;
  }

  /** Keeps the account that eviction, expiry and the check for pending ids rely on. */
  function count(session: Session, exchange: McpExchange, requestId: RequestId | null): void {
    const kind = exchange.request.method === 'GET' ? 'streams' : 'posts';
    if (requestId !== null && membersOf(exchange.body)['method'] === 'tools/call') session.calls.set(requestId, 'received');
    session[kind] += 1;
    session.lastUsed = deps.monotonic();
    const done = (): void => {
      session[kind] -= 1;
      session.lastUsed = deps.monotonic();
      // The protocol refused it before the handler ran.
      if (requestId !== null && session.calls.get(requestId) === 'received') session.calls.delete(requestId);
    };
    if (exchange.closed.aborted) done();
    else exchange.closed.addEventListener('abort', done, { once: true });
  }

  /** Makes room for one more session by dropping idle ones: first those nobody listens to, then by age. False when all are busy. */
  function makeRoom(tokenId: string): boolean {
    const own = [...sessions.values()].filter((session) => session.tokenId === tokenId);
    const idle = own.filter(isIdle).sort((a, b) => a.streams - b.streams || a.lastUsed - b.lastUsed);
    const surplus = own.length - deps.maxPerToken + 1;
    if (surplus > idle.length) return false;
    idle.slice(0, Math.max(0, surplus)).forEach(drop);
    return true;
  }

  function dropExpired(): void {
    const limit = deps.monotonic() - IDLE_LIMIT_MS;
    [...sessions.values()].filter((session) => isIdle(session) && session.streams === 0 && session.lastUsed < limit).forEach(drop);
  }

  function drop(session: Session): void {
    sessions.delete(session.id);
    session.server.close().catch(() => undefined);
  }

  return {
    answer,
    detach(tokenId) {
      const detached = [...sessions.values()].filter((session) => tokenId === null || session.tokenId === tokenId);
      for (const session of detached) sessions.delete(session.id);
      return async () => {
        await Promise.all(detached.map((session) => session.server.close()));
      };
    },
  };
}

function isIdle(session: Session): boolean {
  return session.calls.size === 0 && session.posts === 0;
}

function createSession(serving: McpServing, tokenId: string, params: unknown, now: number): Session {
  const id = randomUUID();
  const calls: Session['calls'] = new Map();
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => id });
  const view: McpSessionView = {
    client: clientClaim(membersOf(params)['clientInfo']),
    callStarted: (callId) => calls.set(callId, 'running'),
    callAborted: (callId) => releaseStream(transport, callId),
    callEnded: (callId) => calls.delete(callId),
  };
  return { id, tokenId, transport, server: createMcpServer(serving, view), calls, posts: 0, streams: 0, lastUsed: now };
}

/**
 * Ends the response stream of a cancelled call. The SDK answers such a call with nothing, as the protocol wants, but leaves
 * its stream open and its bookkeeping in place; a response sent after the stream was closed goes nowhere and clears both.
 */
function releaseStream(transport: WebStandardStreamableHTTPServerTransport, id: RequestId): void {
  transport.closeSSEStream(id);
  transport.send({ jsonrpc: '2.0', id, error: { code: -32000, message: 'Cancelled' } }).catch(() => undefined);
}
