import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { passedHeaders, planRequest } from '../../core/egress/plain-request.ts';
import type { EgressTarget } from '../../core/egress/egress-gate.ts';
import type { DialedStream, EgressRefusal } from '../../core/ports/egress.ts';
import type { ProxyContext } from './proxy-context.ts';
import { refusalText } from './refusal-text.ts';

const answer = (response: ServerResponse, refusal: EgressRefusal): void => {
  const { status, text } = refusalText[refusal];
  if (response.headersSent) return void response.destroy();
  // Nothing is read of a refused body.
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', 'x-gatehouse-refusal': refusal });
  response.end(`gatehouse: ${text}\n`);
};

/** Passes one plain request on, or refuses it. `tunnel`: it came inside CONNECT to this place, which was checked. */
export const passPlainRequest = async (
  context: ProxyContext,
  incoming: IncomingMessage,
  response: ServerResponse,
  tunnel: EgressTarget | null,
): Promise<void> => {
  const head = { method: incoming.method ?? '', url: incoming.url ?? '', rawHeaders: incoming.rawHeaders };
  const plan = planRequest(head, tunnel);
  const attempt = context.attempts.begin(
    ...(plan.kind === 'forward' ? ([plan.authority.host, plan.authority.port] as const) : ([plan.host, plan.port] as const)),
  );
  if (attempt === null) return answer(response, 'too_many');
  const refuse = (refusal: EgressRefusal): void => {
    attempt.refuse(refusal);
    answer(response, refusal);
  };
  if (plan.kind === 'refused') return refuse(plan.refusal);
  const checked =
    tunnel === null
      ? await context.gate.check(plan.authority, context.domains, context.signal)
      : ({ kind: 'target', target: tunnel } as const);
  if (checked.kind === 'refused') return refuse(checked.refusal);
  if (response.destroyed) return refuse('unreachable');
  const dialed = await context.gate.dial(checked.target, context.signal);
  if (dialed.kind === 'refused') return refuse(dialed.refusal);
  attempt.opened(dialed.stream, dialed.address);
  try {
    exchange(incoming, response, dialed.stream, plan);
  } catch (error) {
    dialed.stream.destroy();
    throw error;
  }
};

const exchange = (
  incoming: IncomingMessage,
  response: ServerResponse,
  stream: DialedStream,
  plan: Extract<ReturnType<typeof planRequest>, { kind: 'forward' }>,
): void => {
  // SECURITY: a connection of its own for each request, so that no answer can be taken for another's.
  const outgoing = httpRequest({
    createConnection: () => stream,
    method: incoming.method,
    path: plan.path,
    headers: plan.headers as Record<string, string | string[]>,
    setHost: false,
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
  });
  const fail = (): void => {
    outgoing.destroy();
    stream.destroy();
    if (!response.writableEnded) answer(response, 'unreachable');
  };
  outgoing.once('error', fail);
  outgoing.once('close', () => {
    if (!response.headersSent) fail();
    stream.destroy();
  });
  outgoing.once('response', (reply) => passReply(reply, response));
  response.once('close', () => {
    outgoing.destroy();
    stream.destroy();
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
