import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { passRequest, type TunnelTarget } from './pass-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refusalText } from './refusal-text.ts';
import { serveTunnel } from './tunnel.ts';

/** A forward proxy that has not begun to listen: plain requests in absolute form, and tunnels. */
export const createProxyServer = (context: ProxyContext): Server => {
  const inside = new WeakMap<object, TunnelTarget>();
  // A second server that never listens takes the HTTP inside tunnels, plain or out of the TLS that we opened, with the same strict parser.
  const inner = createHttpServer(context, (connection) => inside.get(connection) ?? 'closed');
  const outer = createHttpServer(context, () => null);
  outer.maxConnections = context.limits.connections;
  outer.on('connect', (request, socket, head) => {
    // What a peer does to its connection is no error of ours.
    socket.on('error', () => socket.destroy());
    const take = (connection: Duplex, target: TunnelTarget): void => {
      inside.set(connection, target);
      inner.emit('connection', connection);
    };
    if (!(socket instanceof Socket)) return void socket.destroy();
    serveTunnel(context, request, socket, head, take).catch(() => socket.destroy());
  });
  outer.once('close', () => inner.closeAllConnections());
  return outer;
};

/** What named no place before it went wrong. */
const nowhere = { host: '', port: 0, scheme: 'http' } as const;

/** `closed`: a connection that nobody announced. */
type TunnelOf = (connection: Duplex) => TunnelTarget | null | 'closed';

const createHttpServer = (context: ProxyContext, tunnelOf: TunnelOf): Server => {
  const { limits, attempts } = context;
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    // Bodies may take as long as they go on.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.headMs),
    insecureHTTPParser: false,
    // Judged by us, so that it is told.
    requireHostHeader: false,
  });
  server.timeout = limits.idleMs;
  server.on('request', (request, response) => {
    const tunnel = tunnelOf(request.socket);
    if (tunnel === 'closed') return void response.destroy();
    passRequest(context, request, response, tunnel).catch(() => response.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const tunnel = tunnelOf(socket);
    const { host, port, scheme } = tunnel === null || tunnel === 'closed' ? nowhere : tunnel;
    attempts.begin({ host, port, intercepted: scheme === 'https', request: null })?.refuse('bad_request');
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nx-gatehouse-refusal: bad_request\r\nconnection: close\r\n\r\ngatehouse: ${refusalText.bad_request.text}\n`,
    );
    setTimeout(() => socket.destroy(), 1000).unref();
  });
  return server;
};
