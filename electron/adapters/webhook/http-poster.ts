import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as connectSecure } from 'node:tls';
import { readAddress } from '../../core/egress/address.ts';
import type { Egress } from '../../core/ports/egress.ts';
import type { HttpPoster, Post, Posted } from '../../core/ports/http-poster.ts';

/** Milliseconds for the TLS handshake. */
const handshakeMs = 10_000;
/** Bytes of the answer's headers. */
const maxHeaderBytes = 16_384;

/** The `HttpPoster` port: HTTP/1.1 over connections that the egress gate has judged, one for each request. */
export function createHttpPoster(egress: Pick<Egress, 'connect'>): HttpPoster {
  return {
    async post(post) {
      const { host, port, isSecure } = post.endpoint;
      // SECURITY: plain http never leaves this machine, whatever a name resolves to.
      const reach = isSecure ? post.reach : 'loopback';
      const connection = await egress.connect({ host, port, reach }, post.signal);
      if (connection.kind === 'refused') {
        const mayTryAgain = connection.refusal === 'unreachable' || connection.refusal === 'unresolvable';
        return { kind: mayTryAgain ? 'unsent' : 'failed', why: refusals[connection.refusal] ?? 'it cannot be reached' };
      }
      try {
        const stream = isSecure ? await secure(connection.stream, post) : connection.stream;
        return await exchange(stream, post);
      } catch (error) {
        return { kind: 'failed', why: error instanceof Error ? error.message : 'the exchange failed' };
      } finally {
        connection.stream.destroy();
      }
    },
  };
}

const refusals: Readonly<Record<string, string>> = {
  own_port: 'its port is one of this gateway’s own',
  private_address:
    'it has an address of this machine, of your own networks or of nobody; deciders.webhook.allow_local is needed for the first two',
  unresolvable: 'its name has no address',
  unreachable: 'it does not answer',
};

async function secure(stream: Duplex, { endpoint, ca, signal }: Post): Promise<Duplex> {
  const name = readAddress(endpoint.host) === null ? { servername: endpoint.host } : { host: endpoint.host };
  const socket = connectSecure({
    socket: stream,
    ...name,
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // SECURITY: said here, so that NODE_TLS_REJECT_UNAUTHORIZED cannot say otherwise.
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca }),
  });
  return await new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(new Error(why));
    };
    const onAbort = (): void => fail(overText(signal));
    const timer = setTimeout(() => fail('the TLS handshake took too long'), handshakeMs);
    signal.addEventListener('abort', onAbort, { once: true });
    // Later errors reach the request; without a listener here they would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => fail(`TLS failed: ${error.code ?? 'the certificate or the handshake is bad'}`));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (socket.authorized) resolve(socket);
      else fail('its certificate is not trusted');
    });
    if (signal.aborted) onAbort();
  });
}

async function exchange(stream: Duplex, post: Post): Promise<Posted> {
  const { endpoint, headers, body, signal } = post;
  if (signal.aborted) return { kind: 'failed', why: overText(signal) };
  const isAddress6 = endpoint.host.includes(':');
  const outgoing = request({
    method: 'POST',
    path: endpoint.path,
    host: isAddress6 ? `[${endpoint.host}]` : endpoint.host,
    port: endpoint.port,
    defaultPort: endpoint.isSecure ? 443 : 80,
    headers: { ...headers, 'content-length': body.byteLength.toString(), 'accept-encoding': 'identity', connection: 'close' },
    maxHeaderSize: maxHeaderBytes,
    // SECURITY: with an agent, even `false`, Node would resolve and dial by itself.
    createConnection: () => stream,
  });
  try {
    const response = await answerTo(outgoing, body, signal);
    return await readAnswer(response, post);
  } finally {
    outgoing.destroy();
  }
}

async function answerTo(outgoing: ClientRequest, body: Uint8Array, signal: AbortSignal): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error(overText(signal)));
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.once('response', (response) => {
      signal.removeEventListener('abort', onAbort);
      resolve(response);
    });
    // SECURITY: an upgrade is no answer.
    outgoing.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('it answered with another protocol'));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`it broke off or did not speak HTTP (${error.code ?? 'unknown'})`)),
    );
    outgoing.end(body);
  });
}

async function readAnswer(response: IncomingMessage, { maxBytes, bodyMs, signal }: Post): Promise<Posted> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(bodyMs)]);
  const onAbort = (): void => void response.destroy(new Error(signal.aborted ? overText(signal) : 'its answer came too slowly'));
  limit.addEventListener('abort', onAbort, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    if (limit.aborted) onAbort();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      // SECURITY: counted as it comes, whatever the Content-Length says; nothing is decompressed.
      if (size > maxBytes) return { kind: 'failed', why: `its answer is longer than ${maxBytes.toString()} bytes` };
      chunks.push(chunk);
    }
  } finally {
    limit.removeEventListener('abort', onAbort);
    response.destroy();
  }
  if (!response.complete) return { kind: 'failed', why: 'its answer broke off' };
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    contentType: single(response, 'content-type'),
    contentEncoding: single(response, 'content-encoding'),
    body: Buffer.concat(chunks),
  };
}

/** A header that stands there once; of two, what nobody accepts. */
function single(response: IncomingMessage, name: string): string | null {
  const values = response.headersDistinct[name] ?? [];
  return values.length > 1 ? 'more than one' : (values[0] ?? null);
}

const overText = (signal: AbortSignal): string => (typeof signal.reason === 'string' ? signal.reason : 'it took too long');
