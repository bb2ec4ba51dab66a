import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import type { EgressRefusal } from '../../core/ports/egress.ts';
import { enforceHeadDeadline } from './head-deadline.ts';
import { passRequest, type TunnelTarget } from './pass-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refusalText } from './refusal-text.ts';
import { serveTunnel, type TakeRequests } from './tunnel.ts';

/** A forward proxy that has not begun to listen: plain requests in absolute form, and tunnels. */
export const createProxyServer = (context: ProxyContext): Server => {
  const inside = createTunnels(context);
  const outer = createHttpServer(context, () => null);
  outer.maxConnections = context.limits.connections;
  outer.on('connect', (request, socket, head) => {
    // What a peer does to its connection is no error of ours.
    socket.on('error', () => socket.destroy());
    if (!(socket instanceof Socket)) return void socket.destroy();
    serveTunnel(context, request, socket, head, inside.take).catch(() => socket.destroy());
  });
  outer.once('close', inside.close);
  return outer;
};

/** What takes the HTTP inside tunnels, plain or out of the TLS that we opened: a second server, which never listens, with the same strict parser. */
const createTunnels = (context: ProxyContext): { take: TakeRequests; close: () => void } => {
  const { limits, signal } = context;
  const targets = new WeakMap<object, TunnelTarget>();
  const used = new WeakSet();
  const server = createHttpServer(context, (connection) => {
    used.add(connection);
    return targets.get(connection) ?? 'closed';
  });
  const expectHead = enforceHeadDeadline(server, limits.headMs, (connection) => {
    if (!used.has(connection)) tell(context, targets.get(connection) ?? nowhere, 'bad_request');
    used.add(connection);
    connection.destroy();
  });
  return {
    take(connection, target, onUnused) {
      targets.set(connection, target);
      expectHead(connection);
      connection.once('close', () => {
        if (!used.has(connection) && !signal.aborted) onUnused?.();
      });
      server.emit('connection', connection);
    },
    close: () => server.closeAllConnections(),
  };
};

type Place = Pick<TunnelTarget, 'host' | 'port' | 'scheme'>;

/** What named no place before it went wrong. */
const nowhere: Place = { host: '', port: 0, scheme: 'http' };

/** Tells of what was no request. */
const tell = ({ attempts }: ProxyContext, { host, port, scheme }: Place, refusal: EgressRefusal): void =>
  attempts.begin({ host, port, intercepted: scheme === 'https', request: null })?.refuse(refusal);

/** Null: it came in no tunnel. `closed`: a connection that nobody announced. */
type TunnelOf = (connection: Duplex) => TunnelTarget | null | 'closed';

const createHttpServer = (context: ProxyContext, tunnelOf: TunnelOf): Server => {
  const { limits } = context;
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
    tell(context, tunnel === null || tunnel === 'closed' ? nowhere : tunnel, 'bad_request');
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nx-gatehouse-refusal: bad_request\r\nconnection: close\r\n\r\ngatehouse: ${refusalText.bad_request.text}\n`,
    );
    setTimeout(() => socket.destroy(), 1000).unref();
  });
  return server;
};
