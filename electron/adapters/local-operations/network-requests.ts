import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { AppError } from '../../../shared/errors.ts';
import { readAddress, writeAddress } from '../../core/egress/address.ts';
import type { NetworkAnswer, NetworkRequest, OperationEvents } from '../../core/ports/operation-executor.ts';
import type { GuardedDial } from './guarded-dial.ts';

/** Bytes of a body that are read; the connection is cut after them. */
const bodyLimit = 64 * 1024;
/** Headers that are shown. */
const shownHeaders = 40;

/** Does what the request says through the guarded dial. Errors: `forbidden`, `not_found`, `unavailable`. */
export const answerRequest = async (
  dial: GuardedDial,
  request: NetworkRequest,
  signal: AbortSignal,
  { onEgress = () => undefined }: OperationEvents,
): Promise<NetworkAnswer> => {
  switch (request.kind) {
    case 'lookup':
      return await lookup(dial, request.host, signal);
    case 'connect': {
      const { stream, address } = await dial.open(request, signal, onEgress);
      stream.destroy();
      return { ok: true, facts: { host: request.host, port: request.port, open: true, address: address.text }, body: null };
    }
    case 'certificate': {
      const { stream } = await dial.open(request, signal, onEgress);
      const socket = await secure(request.host, stream, signal);
      try {
        return { ok: true, facts: certificateFacts(request.host, socket), body: null };
      } finally {
        socket.destroy();
      }
    }
    case 'http':
      return await http(dial, request.url, request.method, signal, onEgress);
  }
};

/** SECURITY: names of this machine's networks are told no more than that they are such. */
const lookup = async (dial: GuardedDial, host: string, signal: AbortSignal): Promise<NetworkAnswer> => {
  const addresses = await dial.lookUp(host, signal);
  return { ok: true, facts: { host, addresses: addresses.map(({ text }) => text) }, body: null };
};

/** TLS over a stream that is open. The certificate is judged and told, not relied upon. */
const secure = async (host: string, stream: Duplex, signal: AbortSignal): Promise<TLSSocket> => {
  const socket = tlsConnect({ socket: stream, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) });
  try {
    await once(socket, 'secureConnect', { signal });
    return socket;
  } catch (cause) {
    socket.destroy();
    throw new AppError('unavailable', `${host} does not speak TLS there, or not in time.`, { cause });
  }
};

const certificateFacts = (host: string, socket: TLSSocket): NetworkAnswer['facts'] => {
  const { subject, issuer, valid_from, valid_to, subjectaltname, fingerprint256 } = socket.getPeerCertificate();
  const ends = Date.parse(valid_to);
  return {
    host,
    trusted: socket.authorized,
    problem: socket.authorized ? '' : String(socket.authorizationError),
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names: (subjectaltname ?? '').split(', ').filter((name) => name !== ''),
    valid_from,
    valid_to,
    days_left: Number.isFinite(ends) ? Math.floor((ends - Date.now()) / 86_400_000) : -1,
    sha256: fingerprint256,
    protocol: socket.getProtocol() ?? '',
  };
};

const oneLine = (name: object): string =>
  Object.entries(name)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : String(value)}`)
    .join(', ');

/** One request; a redirect is an answer like any other. */
const http = async (
  dial: GuardedDial,
  url: URL,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
  onEgress: NonNullable<OperationEvents['onEgress']>,
): Promise<NetworkAnswer> => {
  const host = hostOf(url);
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  const { stream, address } = await dial.open({ host, port }, signal, onEgress);
  const socket = isTls ? await secure(host, stream, signal) : null;
  if (socket !== null && !socket.authorized) {
    const why = String(socket.authorizationError);
    socket.destroy();
    throw new AppError('unavailable', `${host} presents a certificate that is not trusted (${why}), so nothing was sent.`);
  }
  try {
    const message = httpRequest({
      method,
      host,
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, 'user-agent': 'gatehouse', accept: '*/*', connection: 'close' },
      createConnection: () => socket ?? stream,
      signal,
    });
    message.end();
    const [response] = (await once(message, 'response', { signal })) as [IncomingMessage];
    const body = await readBody(response);
    return { ok: true, facts: responseFacts(response, address.text, body.length), body: new TextDecoder().decode(body) };
  } catch (cause) {
    throw new AppError('unavailable', `${host}:${port.toString()} did not answer with HTTP, or not in time.`, { cause });
  } finally {
    (socket ?? stream).destroy();
    stream.destroy();
  }
};

const hostOf = (url: URL): string => {
  const bare = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const bytes = readAddress(bare);
  return bytes === null ? bare : writeAddress(bytes);
};

const readBody = async (response: IncomingMessage): Promise<Uint8Array> => {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = chunk as Uint8Array;
    parts.push(bytes.subarray(0, bodyLimit - length));
    length += bytes.length;
    if (length >= bodyLimit) break;
  }
  return Buffer.concat(parts);
};

const responseFacts = (
  { statusCode, statusMessage, headers }: IncomingMessage,
  address: string,
  bytes: number,
): NetworkAnswer['facts'] => ({
  status: statusCode ?? 0,
  status_text: statusMessage ?? '',
  address,
  headers: Object.entries(headers)
    .slice(0, shownHeaders)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : (value ?? '')}`),
  body_bytes: bytes,
  body_cut: bytes >= bodyLimit,
});
