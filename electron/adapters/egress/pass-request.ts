import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { EgressTarget } from '../../core/egress/egress-gate.ts';
import { passedHeaders, planRequest, requestOf, type ForwardedRequest, type Tunnel } from '../../core/egress/request-head.ts';
import type { EgressRefusal } from '../../core/ports/egress.ts';
import type { Dialed } from './attempts.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refusalText } from './refusal-text.ts';
import { secureUpstream } from './secure-upstream.ts';

/** Where requests come from that came inside a tunnel, which was checked. */
export type TunnelTarget = EgressTarget & Tunnel;

const answer = (response: ServerResponse, refusal: EgressRefusal): void => {
  const { status, text } = refusalText[refusal];
  if (response.headersSent) return void response.destroy();
  // Nothing is read of a refused body.
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', 'x-gatehouse-refusal': refusal });
  response.end(`gatehouse: ${text}\n`);
};

/** Passes one request on, or refuses it. `tunnel`: it came inside CONNECT to this place, null: it names its place itself. */
export const passRequest = async (
  context: ProxyContext,
  incoming: IncomingMessage,
  response: ServerResponse,
  tunnel: TunnelTarget | null,
): Promise<void> => {
  const head = { method: incoming.method ?? '', url: incoming.url ?? '', rawHeaders: incoming.rawHeaders };
  const plan = planRequest(head, tunnel);
  const place = plan.kind === 'forward' ? plan.authority : plan;
  const isIntercepted = tunnel?.scheme === 'https';
  const attempt = context.attempts.begin({
    host: place.host,
    port: place.port,
    intercepted: isIntercepted,
    request: requestOf(plan),
  });
  if (attempt === null) return answer(response, 'too_many');
  const refuse = (refusal: EgressRefusal, dialed?: Dialed): void => {
    attempt.refuse(refusal, dialed);
    answer(response, refusal);
  };
  if (plan.kind === 'refused') return refuse(plan.refusal);
  const checked =
    tunnel === null
      ? await context.gate.check(plan.authority, context.domains, context.signal)
      : ({ kind: 'target', target: tunnel } as const);
  if (checked.kind === 'refused') return refuse(checked.refusal);
  if (response.destroyed) return refuse('unreachable');
  const dialed = await context.upstreams.dial(checked.target, context.signal);
  if (dialed.kind === 'refused') return refuse(dialed.refusal);
  const connection = isIntercepted ? await secured(context, dialed, plan.authority.host) : dialed.stream;
  if (connection === null) return refuse('bad_certificate', dialed);
  attempt.opened(dialed);
  try {
    exchange(incoming, response, connection, plan);
  } catch (error) {
    dialed.stream.destroy();
    throw error;
  }
};

const secured = async ({ interception, limits, signal }: ProxyContext, { stream }: Dialed, host: string): Promise<Duplex | null> => {
  if (interception !== null) return await secureUpstream(stream, host, interception.roots, { signal, timeLimitMs: limits.dialMs });
  stream.destroy();
  return null;
};

const exchange = (incoming: IncomingMessage, response: ServerResponse, connection: Duplex, plan: ForwardedRequest): void => {
  // SECURITY: a connection of its own for each request, so that no answer can be taken for another's.
  const outgoing = httpRequest({
    createConnection: () => connection,
    method: plan.method,
    path: plan.path,
    headers: plan.headers as Record<string, string | string[]>,
    setHost: false,
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
  });
  const fail = (): void => {
    outgoing.destroy();
    connection.destroy();
    if (!response.writableEnded) answer(response, 'unreachable');
  };
  outgoing.once('error', fail);
  outgoing.once('close', () => {
    if (!response.headersSent) fail();
    connection.destroy();
  });
  outgoing.once('response', (reply) => passReply(reply, response));
  response.once('close', () => {
    outgoing.destroy();
    connection.destroy();
  });
  incoming.once('error', fail);
  if (plan.body === 'framed') incoming.pipe(outgoing);
  else outgoing.end();
};

const passReply = (reply: IncomingMessage, response: ServerResponse): void => {
  reply.once('error', () => response.destroy());
  reply.once('aborted', () => response.destroy());
  try {
    response.writeHead(reply.statusCode ?? 502, passedHeaders(reply.rawHeaders, false));
    reply.pipe(response);
  } catch {
    // A status or a header that may not be written again.
    response.destroy();
  }
};
