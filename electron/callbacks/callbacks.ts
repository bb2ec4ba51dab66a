import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import { checkCallback, readCallbackBody, type CallbackRefusal, type CallbackRoute } from './callback-door.ts';
import { createReplays } from './replays.ts';
import { takeCallback, type TakeDeps, type Taken } from './take-callback.ts';

export interface CallbacksDeps extends Omit<TakeDeps, 'replays'> {
  /** Read once, at start. */
  readonly settings: () => { readonly enabled: boolean; readonly port: number; readonly host: string };
  readonly monotonic: () => number;
  /** A callback whose signature was good: who pressed what, and what became of it. Errors end the request. */
  readonly onAnswered: (route: CallbackRoute, data: JsonObject) => Promise<void>;
  /** A request that was turned away. */
  readonly onRefused: (data: JsonObject) => void;
  readonly log: (message: string, error: unknown) => void;
}

/** The signed answers of chats: a listener of its own on 127.0.0.1 with two POST routes, off by default. The operator brings the tunnel. */
export interface Callbacks {
  /** Errors: `conflict` when the port is taken. Null when it is off. */
  start(): Promise<{ readonly url: string } | null>;
  stop(): Promise<void>;
  url(): string | null;
}

// Milliseconds, as at the agents' listener.
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 15_000;
const maxConnections = 128;
/** Refusals that are recorded one by one in a window of a minute; the rest is counted into the next. */
const mostRecorded = 20;

export function createCallbacks(deps: CallbacksDeps): Callbacks {
  const take: TakeDeps = { ...deps, replays: createReplays(deps.monotonic) };
  let server: Server | null = null;
  let at = { port: 0, host: '' };
  let refusals = { since: -Infinity, recorded: 0, silent: 0 };

  function refuse(response: ServerResponse, { status, reason }: CallbackRefusal, route: string): void {
    const now = deps.monotonic();
    if (now - refusals.since >= 60_000) refusals = { since: now, recorded: 0, silent: refusals.silent };
    if (refusals.recorded < mostRecorded) {
      deps.onRefused({ route, status, reason, coalesced: refusals.silent });
      refusals = { ...refusals, recorded: refusals.recorded + 1, silent: 0 };
    } else refusals = { ...refusals, silent: refusals.silent + 1 };
    send(response, status, { error: reason }, { connection: 'close' });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const checked = checkCallback(request, at);
    if ('status' in checked) return refuse(response, checked, 'none');
    const { route } = checked;
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
    const body = await readCallbackBody(request);
    if (body === null) return refuse(response, { status: 413, reason: 'The body is too long or broke off.' }, route);
    const taken = await takeCallback(take, route, request, body);
    if (taken.kind === 'refused') return refuse(response, taken.refusal, route);
    if (taken.kind === 'said') {
      const { press, text } = taken;
      const named = press === null ? {} : { approval_id: press.id, digest: press.digest, answer: press.result, by: press.user };
      await deps.onAnswered(route, { ...named, detail: text });
    }
    send(response, 200, replies[route](taken));
  }

  return {
    async start() {
      const { enabled, port, host } = deps.settings();
      if (!enabled) return null;
      at = { port, host };
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        handle(request, response).catch((error: unknown) => {
          deps.log('A callback could not be answered.', error);
          if (!response.headersSent) send(response, 500, { error: 'internal' });
          response.destroy();
        });
      };
      const listener = createServer(
        { maxHeaderSize: 16_384, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, joinDuplicateHeaders: false },
        answer,
      );
      // SECURITY: with an Expect header, too, a request meets the one door in its one order.
      listener.on('checkContinue', answer);
      listener.on('checkExpectation', answer);
      listener.on('connect', (_request, socket) => socket.destroy());
      listener.maxConnections = maxConnections;
      await listen(listener, port);
      server = listener;
      return { url: `http://127.0.0.1:${port.toString()}` };
    },
    async stop() {
      const listener = server;
      server = null;
      if (listener === null) return;
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      });
    },
    url: () => (server === null ? null : `http://127.0.0.1:${at.port.toString()}`),
  };
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      const message = isTaken
        ? `Port ${port.toString()} on 127.0.0.1 is taken by another program. Stop it, or set deciders.callbacks.port.`
        : `The listener for answers from chats could not start on port ${port.toString()}: ${error.code ?? 'unknown'}.`;
      reject(new AppError(isTaken ? 'conflict' : 'unavailable', message, { cause: error }));
    });
    // SECURITY: loopback only; the address is not a setting.
    server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
}

/** For the person alone (`ephemeral`); a decided Discord message loses its buttons. Slack reads nothing but the status. */
const ephemeral = 64;
const replies: Record<CallbackRoute, (taken: Taken) => JsonObject> = {
  slack: () => ({}),
  discord(taken) {
    if (taken.kind !== 'said') return { type: 1 };
    const data = { content: taken.text.replace(/[!-/:-@[-`{-~]/g, '\\$&'), allowed_mentions: { parse: [] }, flags: ephemeral };
    return taken.isDecided ? { type: 7, data: { components: [] } } : { type: 4, data };
  },
};

function send(response: ServerResponse, status: number, body: JsonObject, headers: Record<string, string> = {}): void {
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
