import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { longestHello, readClientHello } from '../../core/egress/client-hello.ts';
import { isListed } from '../../core/egress/domain-patterns.ts';
import type { EgressTarget } from '../../core/egress/egress-gate.ts';
import { normaliseHost } from '../../core/egress/host-name.ts';
import { planConnect } from '../../core/egress/request-head.ts';
import type { DialedStream, EgressRefusal } from '../../core/ports/egress.ts';
import { acceptTls } from './intercept.ts';
import type { TunnelTarget } from './pass-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refusalText } from './refusal-text.ts';

/** Takes HTTP that came inside a tunnel. `onUnused`: the client ended it without a request. */
export type TakeRequests = (connection: Duplex, target: TunnelTarget, onUnused?: () => void) => void;

/** Serves `CONNECT host:port`: answers, looks at the first bytes, and only then dials. */
export const serveTunnel = async (
  context: ProxyContext,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  takeRequests: TakeRequests,
): Promise<void> => {
  socket.setTimeout(context.limits.idleMs, () => socket.destroy());
  const plan = planConnect({ method: 'CONNECT', url: request.url ?? '', rawHeaders: request.rawHeaders });
  const place = plan.kind === 'tunnel' ? plan.authority : plan;
  const intercepted = plan.kind === 'tunnel' && context.interception !== null && isListed(context.interception.patterns, plan.authority);
  const attempt = context.attempts.begin({ host: place.host, port: place.port, intercepted, request: null });
  if (attempt === null) return answer(socket, 'too_many');
  const refuse = (refusal: EgressRefusal): void => {
    attempt.refuse(refusal);
    answer(socket, refusal);
  };
  if (plan.kind === 'refused') return refuse(plan.refusal);
  const checked = await context.gate.check(plan.authority, context.domains, context.signal);
  if (checked.kind === 'refused') return refuse(checked.refusal);

  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  const first = await readFirst(socket, head, context);
  // SECURITY: nothing has been dialled yet, and is not for a client that says two things or speaks anything else.
  const cut = (refusal: EgressRefusal): void => {
    attempt.refuse(refusal);
    socket.destroy();
  };
  if (first.kind === 'neither') return cut('bad_request');
  // Each request inside is an attempt of its own, and is compared on its own.
  if (first.kind === 'plain') return takeRequests(replayed(socket, first.bytes), { ...checked.target, scheme: 'http' });
  if (first.serverName === null || normaliseHost(first.serverName) !== plan.authority.host) return cut('sni_mismatch');
  if (intercepted) {
    const opened = await openTls(context, replayed(socket, first.bytes), checked.target);
    if (opened === null) return cut('not_trusted');
    // Some clients finish the handshake before they look at the certificate.
    return takeRequests(opened, { ...checked.target, scheme: 'https' }, () => attempt.refuse('not_trusted'));
  }
  const dialed = await context.upstreams.dial(checked.target, context.signal);
  if (dialed.kind === 'refused') return cut(dialed.refusal);
  attempt.opened(dialed);
  join(socket, first.bytes, dialed.stream);
};

const openTls = async ({ interception, limits }: ProxyContext, connection: Duplex, { host }: EgressTarget): Promise<Duplex | null> =>
  interception === null ? null : await acceptTls(connection, await interception.authority.leaf(host), limits.headMs);

const answer = (socket: Socket, refusal: EgressRefusal): void => {
  const { status, text } = refusalText[refusal];
  const body = `gatehouse: ${text}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nx-gatehouse-refusal: ${refusal}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  socket.resume();
};

type First =
  | { readonly kind: 'tls'; readonly serverName: string | null; readonly bytes: Buffer }
  | { readonly kind: 'plain'; readonly bytes: Buffer }
  | { readonly kind: 'neither' };

const judgeFirst = (bytes: Buffer): First | null => {
  const letter = bytes[0];
  if (letter === undefined) return null;
  // A method; what is none is refused by the parser that gets it.
  if (letter >= 0x41 && letter <= 0x5a) return { kind: 'plain', bytes };
  const hello = readClientHello(bytes);
  if (hello.kind === 'incomplete') return bytes.length > longestHello ? { kind: 'neither' } : null;
  return hello.kind === 'hello' ? { kind: 'tls', serverName: hello.serverName, bytes } : { kind: 'neither' };
};

/** Reads until it is clear what the client speaks; the socket is paused then. */
const readFirst = async (socket: Socket, head: Buffer, { limits, signal }: ProxyContext): Promise<First> =>
  await new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (first: First): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      signal.removeEventListener('abort', onEnd);
      socket.pause();
      resolve(first);
    };
    const onEnd = (): void => finish({ kind: 'neither' });
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const first = judgeFirst(bytes);
      if (first !== null) finish(first);
    };
    const timer = setTimeout(onEnd, limits.headMs);
    signal.addEventListener('abort', onEnd, { once: true });
    socket.on('data', onData).once('end', onEnd).once('close', onEnd);
    if (socket.destroyed) return onEnd();
    if (head.length > 0) onData(head);
    else socket.resume();
  });

/** The same connection from its first byte on. Without a handle, so that the HTTP parser cannot read past what is put back. */
const replayed = (socket: Socket, first: Buffer): Duplex => {
  socket.unshift(first);
  const connection = Duplex.from({ readable: socket, writable: socket });
  socket.once('close', () => connection.destroy());
  connection.once('close', () => socket.destroy());
  connection.on('error', () => socket.destroy());
  return connection;
};

const join = (socket: Socket, first: Buffer, upstream: DialedStream): void => {
  const end = (): void => {
    socket.destroy();
    upstream.destroy();
  };
  for (const each of [socket, upstream]) each.once('close', end).on('error', end);
  if (socket.destroyed) return end();
  upstream.write(first);
  socket.pipe(upstream);
  upstream.pipe(socket);
};
