import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { OperatorLog } from './caller.ts';
import { createConsoleAccess, type RefusalReason } from './console-access.ts';
import { consoleDoor, rawValues } from './console-door.ts';
import { readConsoleFiles, type ConsoleFile } from './console-files.ts';
import { answerError, answerJson, readJson } from './http-answer.ts';
import { createHttpMount, type HttpMountDeps } from './http-mount.ts';

export interface ConsoleDeps extends Omit<HttpMountDeps, 'caller'> {
  /** On 127.0.0.1, asked once at start; 0 takes a free one. */
  readonly port: () => number;
  /** The built pages: dist/renderer. */
  readonly rendererDir: string;
  readonly clock: Clock;
  /** Records that a link was used; the session exists only once this has resolved. */
  readonly onOpened: () => Promise<void>;
  /** Records a refused link or key, each reason at most 10 times a minute. */
  readonly onRefused: (reason: RefusalReason) => Promise<void>;
  readonly log: OperatorLog;
}

export interface ConsoleLink {
  /** Carries a one-time secret in its fragment, which browsers do not send. */
  readonly url: string;
  /** ISO 8601. */
  readonly expires_at: string;
}

export interface ConsoleListener {
  /** Errors: `unavailable` when the port is taken (its cause is Node's) or the pages are not built. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `http://127.0.0.1:PORT/`, without a secret; null while it does not run. */
  url(): string | null;
  newLink(): ConsoleLink;
}

export const consoleHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const SessionRequest = z.strictObject({ secret: z.string().min(1).max(200) });
const sessionBodyLimit = 1024;
const refusalsPerMinute = 10;

/** The browser console of a headless host: the same pages as the window's, behind a one-time link (THREATS rule 22). */
export function createConsoleListener(deps: ConsoleDeps): ConsoleListener {
  const access = createConsoleAccess(deps.clock);
  const mount = createHttpMount({ ...deps, caller: { channel: 'console' } });
  // One limit for each reason, so that a flood of guesses cannot drown the alert of a second use.
  const limit = (): RateLimit => createRateLimit(deps.clock, refusalsPerMinute);
  const refusals: Readonly<Record<RefusalReason, RateLimit>> = {
    used_twice: limit(),
    expired: limit(),
    unknown: limit(),
    no_session: limit(),
  };
  let running: { readonly server: Server; readonly port: number; readonly files: ReadonlyMap<string, ConsoleFile> } | null = null;

  const port = (): number => {
    if (running === null) throw new AppError('unavailable', 'The console is not running.');
    return running.port;
  };

  /** Guesses are recorded and answered up to the limit; a good secret or key never meets it, so nobody can lock the operator out. */
  const refuse = async (res: ServerResponse, status: number, reason: RefusalReason, message: string): Promise<void> => {
    if (!refusals[reason].take()) {
      answerError(res, 429, 'forbidden', 'Too many attempts. Wait a minute.');
      return;
    }
    await deps.onRefused(reason);
    answerError(res, status, status === 401 ? 'unauthenticated' : 'forbidden', message);
  };

  const openSession = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = SessionRequest.safeParse(await readJson(req, sessionBodyLimit));
    if (!body.success) throw new AppError('invalid_input', 'Send {"secret": …} and nothing else.');
    const exchange = access.exchange(body.data.secret);
    if (!exchange.ok) {
      return refuse(
        res,
        403,
        exchange.reason,
        'This link is not good: it was used or is older than 5 minutes. Print another: gatehouse console',
      );
    }
    try {
      await deps.onOpened();
    } catch (error) {
      access.end(exchange.session);
      throw error;
    }
    answerJson(res, 200, { session: exchange.session });
  };

  const serveApi = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const keys = rawValues(req, 'authorization');
    const key = keys.length === 1 ? /^Gatehouse ([A-Za-z0-9_-]{43})$/.exec(keys[0] ?? '')?.[1] : undefined;
    const life = key === undefined ? null : access.check(key);
    if (life === null) return refuse(res, 401, 'no_session', 'Open the console by its link. Print one: gatehouse console');
    return mount.handle(req, res, life);
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(consoleHeaders)) res.setHeader(name, value);
    const refused = consoleDoor(req, port());
    if (refused !== null) return answerError(res, refused.status, refused.code, refused.message);
    const path = req.url ?? '';
    if (req.method === 'POST' && path === '/api/session') return openSession(req, res);
    if (path.startsWith('/api/')) return serveApi(req, res);
    const file = req.method === 'GET' ? running?.files.get(path) : undefined;
    if (file === undefined) return answerError(res, 404, 'not_found', 'There is nothing here.');
    res.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.body.length, 'Cache-Control': 'no-store' });
    res.end(file.body);
  };

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    try {
      await serve(req, res);
    } catch (error) {
      if (res.headersSent || res.destroyed) res.destroy();
      else if (error instanceof AppError && error.code === 'invalid_input') answerError(res, 400, error.code, error.message);
      else {
        deps.log.error({ error }, 'the console could not answer a request');
        answerError(res, 503, 'unavailable', 'The console could not do this now. Its log says why.');
      }
    }
  };

  return {
    async start() {
      const files = readConsoleFiles(deps.rendererDir);
      const server = createServer(
        { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 30_000 },
        (req, res) => void handle(req, res),
      );
      server.maxConnections = 256;
      running = { server, port: await listen(server, deps.port()), files };
    },
    async stop() {
      access.endAll();
      if (running === null) return;
      const { server } = running;
      running = null;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
    url: () => (running === null ? null : `http://127.0.0.1:${running.port}/`),
    newLink() {
      const base = `http://127.0.0.1:${port()}/`;
      const { secret, expiresAt } = access.newSecret();
      return { url: `${base}#k=${secret}`, expires_at: new Date(expiresAt).toISOString() };
    },
  };
}

interface RateLimit {
  take(): boolean;
}

/** Lets `perMinute` through in any minute that starts with the first of them. */
function createRateLimit(clock: Pick<Clock, 'monotonic'>, perMinute: number): RateLimit {
  let began = Number.NEGATIVE_INFINITY;
  let taken = 0;
  return {
    take() {
      const now = clock.monotonic();
      if (now - began >= 60_000) {
        began = now;
        taken = 0;
      }
      taken += 1;
      return taken <= perMinute;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken by another program' : 'cannot be opened';
      reject(new AppError('unavailable', `Port ${port} for the console ${why}. Choose another: --console-port`, { cause }));
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}
