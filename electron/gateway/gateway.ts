import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AgentToken, TokenId } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import { parseStrictJson } from '../core/strict-json.ts';
import type { TokenService } from '../core/identity/token-service.ts';
import { createAuthThrottle } from './auth-throttle.ts';
import { bearerOf, checkHeaders, maxBodyBytes, readBody, type FrontDoorSettings, type Refusal } from './front-door.ts';
import type { McpEndpoint } from './mcp-endpoint.ts';
import { proofFor } from './proof.ts';

/** A failed authentication, as the audit log gets it: never the credential. */
export interface FailedAuthentication {
  readonly source: string;
  readonly reason: string;
  readonly subject: string | null;
  /** Failures of this source before this one that were not recorded on their own. */
  readonly coalesced: number;
}

export interface GatewayDeps {
  /** Read once, at start. */
  readonly port: () => number;
  readonly allowedOrigins: () => readonly string[];
  readonly tokens: TokenService;
  readonly mcp: McpEndpoint;
  readonly monotonic: () => number;
  readonly onAuthenticationFailed: (failure: FailedAuthentication) => void;
  readonly log: (message: string, error: unknown) => void;
}

/** The agents' plane: one listener on 127.0.0.1, one front door for every path. Operator verbs do not exist here (THREATS rule 7). */
export interface Gateway {
  /** Errors: `conflict` when the port is taken; no other port is ever tried (F02). Returns the address. */
  start(): Promise<{ readonly url: string }>;
  stop(): Promise<void>;
}

// Milliseconds. A peer that is slower than this to send its headers or its whole request is dropped (slow-request attacks).
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const maxConnections = 4096;

export function createGateway(deps: GatewayDeps): Gateway {
  const throttle = createAuthThrottle(deps.monotonic);
  let server: Server | null = null;
  let port = 0;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    handle(request, response).catch((error: unknown) => {
      deps.log('A request could not be answered.', error);
      if (!response.headersSent) send(response, 500, { error: 'internal' });
      response.destroy();
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const settings: FrontDoorSettings = { port, allowedOrigins: deps.allowedOrigins() };
    const checked = checkHeaders(request, settings);
    if ('status' in checked) return refuse(request, response, checked);
    if (checked.route === 'proof') return await answerProof(request, response);

    const authenticated = authenticate(request);
    if ('status' in authenticated) return refuse(request, response, authenticated);
    const body = request.method === 'POST' ? await parseBody(request, response) : { ok: true as const, value: undefined };
    if (!body.ok) return refuse(request, response, body.refusal);
    await deps.mcp.handle({
      req: request,
      res: response,
      body: body.value,
      principal: { tokenId: authenticated.token.id, agent: authenticated.token.agent },
    });
  }

  function authenticate(request: IncomingMessage): { readonly token: AgentToken } | Refusal {
    const bearer = bearerOf(request);
    const result = bearer === null ? ({ ok: false, reason: 'missing' } as const) : deps.tokens.authenticate(bearer);
    if (result.ok) return { token: result.token };
    const source = request.socket.remoteAddress ?? 'unknown';
    const failure = throttle.failed(source);
    if (failure.isLogged) deps.onAuthenticationFailed({ source, reason: result.reason, subject: null, coalesced: failure.coalesced });
    if (failure.isLimited)
      return { status: 429, reason: 'Too many failed authentications.', headers: { 'retry-after': failure.retryAfterSeconds.toString() } };
    return {
      status: 401,
      reason: 'A valid bearer token is needed. Mint one with: gatehouse token mint',
      headers: { 'www-authenticate': 'Bearer' },
    };
  }

  async function answerProof(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await parseBody(request, response);
    if (!body.ok) return refuse(request, response, body.refusal);
    const proof = proofFor(body.value, port, (id: TokenId, message) => deps.tokens.prove(id, message));
    if (proof === null) return refuse(request, response, { status: 404, reason: 'No such token.' });
    send(response, 200, { proof });
  }

  return {
    async start() {
      const listener = createServer(
        { maxHeaderSize: 16_384, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, joinDuplicateHeaders: false },
        answer,
      );
      // SECURITY: with an Expect header, too, a request meets the one door in its one order; without these Node would answer it first.
      listener.on('checkContinue', answer);
      listener.on('checkExpectation', answer);
      // SECURITY: no protocol but HTTP is ever spoken here. A request for another one (h2c, say) is answered as the HTTP that it is.
      listener.on('connect', (_request, socket) => socket.destroy());
      listener.maxConnections = maxConnections;
      server = listener;
      port = deps.port();
      await listen(listener, port);
      return { url: `http://127.0.0.1:${port.toString()}/mcp` };
    },

    async stop() {
      const listener = server;
      server = null;
      if (listener === null) return;
      await new Promise<void>((resolve) => {
        listener.close(() => {
          resolve();
        });
        listener.closeAllConnections();
      });
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const message = isTaken
        ? `Port ${port.toString()} on 127.0.0.1 is taken by another program. Stop it, or choose another port with --port.`
        : `The agents’ listener could not start on port ${port.toString()}: ${error.code ?? 'unknown'}.`;
      reject(new AppError(isTaken ? 'conflict' : 'unavailable', message, { cause: error }));
    });
    // SECURITY: loopback only; the address is not a setting (F01).
    server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
}

async function parseBody(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal }> {
  // Only a request that got this far is asked for its body.
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const body = await readBody(request, maxBodyBytes);
  if (!body.ok) return { ok: false, refusal: { status: 413, reason: `The body may have at most ${maxBodyBytes.toString()} bytes.` } };
  try {
    return { ok: true, value: parseStrictJson(body.bytes) };
  } catch (error) {
    if (error instanceof AppError) return { ok: false, refusal: { status: 400, reason: error.message } };
    throw error;
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  // The rest of the request is not read: the connection ends with the answer.
  const headers = { connection: 'close', ...refusal.headers };
  const isParse = refusal.status === 400 && request.method === 'POST';
  send(
    response,
    refusal.status,
    { jsonrpc: '2.0', id: null, error: { code: isParse ? -32700 : -32000, message: refusal.reason } },
    headers,
  );
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text).toString(),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
