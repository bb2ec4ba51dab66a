import { randomUUID } from 'node:crypto';
import {
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type RequestId,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import { AppError } from '../../shared/errors.ts';
import { type McpBackend, type McpCallContext, type McpClientClaim, type McpToolDescription } from './mcp-backend.ts';
import { membersOf, type McpExchange } from './mcp-exchange.ts';
import { startMcpProgress } from './mcp-progress.ts';

/** What every protocol server of one endpoint shares. */
export interface McpServing {
  backend: McpBackend;
  serverInfo: { name: string; version: string };
  /** The exchange that a request handed to the SDK belongs to. */
  exchangeOf(request: Request | undefined): McpExchange | undefined;
  /** Registers a pending call until the returned function is called; `end` answers it at once with this message and aborts it. */
  watchCall(tokenId: string, end: (message: string) => void): () => void;
  /** Milliseconds between two progress notifications of a waiting call. */
  progressEveryMs: number;
  /** Told about bugs; the client sees only the reference. */
  onError(error: unknown, reference: string): void;
}

/** What a session adds: who said hello, and an account of its running calls. */
export interface McpSessionView {
  readonly client: McpClientClaim | null;
  callStarted(id: RequestId): void;
  callAborted(id: RequestId): void;
  callEnded(id: RequestId): void;
}

/** The 2025 revisions that are served, newest first: the first is offered to a client that asks for anything else. */
export const SESSION_REVISIONS = ['2025-11-25', '2025-06-18'];
/** The code of calls that the gateway broke off: the token was revoked, or the gateway stops. */
const ENDED = -32000;
const CLAIM_LENGTH = 128;
const PROGRESS_TOKEN_LENGTH = 256;

/**
 * Builds a protocol server over the backend: one for each session of the 2025 revisions, or, with `session` null,
 * one for each request of 2026-07-28. Its handlers are set by hand, so that arguments reach the backend as we parsed them.
 */
export function createMcpServer(serving: McpServing, session: McpSessionView | null): McpServer {
  const mcp = new McpServer(serving.serverInfo, {
    capabilities: { tools: { listChanged: false } },
    supportedProtocolVersions: SESSION_REVISIONS,
  });
  mcp.server.setRequestHandler('tools/list', async (request, ctx) => {
    if (request.params?.cursor !== undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown cursor: the tool list has one page.');
    const exchange = exchangeFor(serving, ctx);
    const tools = await shielded(serving, () => serving.backend.listTools(exchange.principal));
    return { tools: tools.map(wireTool) };
  });
  mcp.server.setRequestHandler('tools/call', (request, ctx) => call(serving, session, request.params.name, ctx));
  return mcp;
}

/** Reads a client's name and version, cut to a bounded length; null unless both are text. */
export function clientClaim(value: unknown): McpClientClaim | null {
  const { name, version } = membersOf(value);
  if (typeof name !== 'string' || typeof version !== 'string') return null;
  return { name: name.slice(0, CLAIM_LENGTH), version: version.slice(0, CLAIM_LENGTH) };
}

async function call(serving: McpServing, session: McpSessionView | null, name: string, ctx: ServerContext): Promise<CallToolResult> {
  const { id } = ctx.mcpReq;
  const exchange = exchangeFor(serving, ctx);
  const aborting = new AbortController();
  const abort = (): void => {
    aborting.abort();
    session?.callAborted(id);
  };
  const unfollow = follow([ctx.mcpReq.signal, ...(session === null ? [exchange.closed] : [])], abort);
  const progress = startMcpProgress(progressSender(ctx), serving.progressEveryMs);
  session?.callStarted(id);
  const context: McpCallContext = {
    principal: exchange.principal,
    client: session === null ? clientClaim(membersOf(ctx.mcpReq.envelope)[CLIENT_INFO_META_KEY]) : session.client,
    signal: aborting.signal,
    reportProgress: (message) => progress.report(message),
    isConnected: () => !exchange.closed.aborted,
    onDisconnected(listener) {
      exchange.closed.addEventListener('abort', listener, { once: true });
      return () => {
        exchange.closed.removeEventListener('abort', listener);
      };
    },
  };
  let unwatch = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    unwatch = serving.watchCall(exchange.principal.tokenId, (message) => {
      aborting.abort(message);
      reject(new ProtocolError(ENDED, message));
    });
  });
  try {
    const outcome = await Promise.race([
      ended,
      shielded(serving, () => serving.backend.callTool(name, argumentsOf(exchange.body), context)),
    ]);
    if (outcome !== 'unknown_tool') return { ...outcome };
  } finally {
    unwatch();
    unfollow();
    progress.stop();
    session?.callEnded(id);
  }
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, CLAIM_LENGTH)}`);
}

/**
 * Runs `action` once one of the signals is aborted; the returned function stops that. Under 2026-07-28 a closed response
 * stream is a cancellation and so among the signals; under the 2025 revisions only the SDK's own signal counts.
 */
function follow(signals: readonly AbortSignal[], action: () => void): () => void {
  for (const signal of signals) signal.addEventListener('abort', action, { once: true });
  if (signals.some((signal) => signal.aborted)) action();
  return () => signals.forEach((signal) => signal.removeEventListener('abort', action));
}

// SECURITY: the principal comes from the exchange of this very request, never from a session or anything the client wrote.
function exchangeFor(serving: McpServing, ctx: ServerContext): McpExchange {
  const exchange = serving.exchangeOf(ctx.http?.req);
  if (exchange === undefined) throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error: the request has no known origin.');
  return exchange;
}

// SECURITY: the front door's own object. The SDK's copy of it went through other schemas, which drop keys such as __proto__.
function argumentsOf(body: unknown): unknown {
  return membersOf(membersOf(body)['params'])['arguments'] ?? {};
}

/** Runs backend code; what it throws becomes an error that says no more than is safe to show. */
async function shielded<T>(serving: McpServing, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AppError) throw new ProtocolError(ProtocolErrorCode.InternalError, error.message, { code: error.code });
    const reference = randomUUID();
    serving.onError(error, reference);
    throw new ProtocolError(ProtocolErrorCode.InternalError, `Internal error (reference ${reference}).`, { code: 'internal', reference });
  }
}

function wireTool(tool: McpToolDescription): Tool {
  const { name, title, description, inputSchema, annotations } = tool;
  return {
    name,
    description,
    inputSchema: { ...inputSchema, type: 'object' },
    ...(title !== undefined && { title }),
    ...(annotations !== undefined && { annotations }),
  };
}

/** Sends progress for this request; null when the client asked for none. */
function progressSender(ctx: ServerContext): ((progress: number, message: string) => void) | null {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  // A token is echoed with every notification, so a huge one would be an amplifier.
  if (progressToken === undefined || String(progressToken).length > PROGRESS_TOKEN_LENGTH) return null;
  return (progress, message) => {
    // A client that is gone gets none; what that means for the call is decided above.
    ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, message } }).catch(() => undefined);
  };
}
