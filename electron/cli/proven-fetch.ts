import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { bearerHash } from '../core/identity/bearer-token.ts';
import type { FileToken } from './token-file.ts';

export interface ProvenFetchOptions {
  /** Of the agents' listener on 127.0.0.1. */
  readonly port: number;
  readonly token: FileToken;
}

export interface ProvenFetch {
  /** Makes the server prove itself, and sends nothing else. Errors: `unavailable` when nobody listens, `forbidden` for an impostor. */
  prove(): Promise<void>;
  /** As the global `fetch`, to this server only, with the token added after the proof. Errors as `prove`. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
}

const Proof = z.object({ proof: z.string().regex(/^[0-9a-f]{64}$/) });
const proofLimitMs = 10_000;
const proofSizeLimit = 4096;

/**
 * Requests that carry the token only to a server that proved, on the very same connection, that it knows the token's hash.
 * The exchange: `POST /proof {"token_id", "nonce"}` → `{"proof"}`, where nonce is 32 random bytes in base64url and proof is, in hex,
 * HMAC-SHA-256 with the key SHA-256(token) over `gatehouse-proof-v1\n<port>\n<token_id>\n<nonce>`. The port is in it, so that a
 * program on another port cannot pass the challenge on to the real gateway.
 */
export function createProvenFetch({ port, token }: ProvenFetchOptions): ProvenFetch {
  const onProven = async <T>(use: (agent: Agent) => Promise<T>): Promise<T> => {
    const agent = singleConnection(port);
    try {
      await checkProof(agent, port, token);
      return await use(agent);
    } catch (error) {
      agent.destroy();
      throw error;
    }
  };
  return {
    prove: async () => onProven(async (agent) => agent.destroy()),
    fetch: async (url, init = {}) =>
      onProven(async (agent) => {
        const target = new URL(url);
        // SECURITY: a redirect or a mistake must not lead the token anywhere else.
        if (target.origin !== `http://127.0.0.1:${port}`) throw new AppError('forbidden', 'The token is not sent to another address.');
        const headers = new Headers(init.headers);
        headers.set('authorization', `Bearer ${token.bearer}`);
        const body = typeof init.body === 'string' ? init.body : undefined;
        const res = await send(
          {
            agent,
            host: '127.0.0.1',
            port,
            method: init.method ?? 'GET',
            path: target.pathname + target.search,
            headers: Object.fromEntries(headers),
            ...(init.signal ? { signal: init.signal } : {}),
          },
          body,
        );
        res.once('close', () => agent.destroy());
        return toResponse(res);
      }),
  };
}

/**
 * SECURITY: one connection and never a second one. If the proven one is lost, what follows fails instead of going to whoever
 * listens on the port by then.
 */
function singleConnection(port: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let isUsed = false;
  agent.createConnection = (_options, callback) => {
    if (isUsed) {
      callback?.(new Error('the connection that was proven is gone'), undefined as never);
      return undefined;
    }
    isUsed = true;
    return connect({ host: '127.0.0.1', port });
  };
  return agent;
}

async function checkProof(agent: Agent, port: number, token: FileToken): Promise<void> {
  const nonce = randomBytes(32).toString('base64url');
  const body = JSON.stringify({ token_id: token.id, nonce });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const res = await send(
    { agent, host: '127.0.0.1', port, method: 'POST', path: '/proof', headers, signal: AbortSignal.timeout(proofLimitMs) },
    body,
  );
  const text = await readBounded(res);
  const key = Buffer.from(bearerHash(token.bearer), 'hex');
  const expected = createHmac('sha256', key).update(`gatehouse-proof-v1\n${port}\n${token.id}\n${nonce}`, 'utf8').digest();
  const given = Buffer.from(proofIn(text), 'hex');
  // SECURITY: no proof, no token.
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new AppError(
    'forbidden',
    `The program on port ${port} did not prove that it is the Gatehouse which minted this token, so the token was not sent. It may be another program, or the token has ended: gatehouse token list`,
  );
}

function proofIn(text: string): string {
  try {
    return Proof.parse(JSON.parse(text)).proof;
  } catch {
    return '';
  }
}

async function readBounded(res: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of res.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > proofSizeLimit) res.destroy();
  }
  return text;
}

function send(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = request(options, resolve);
    req.once('error', (cause: NodeJS.ErrnoException) => {
      const isRefused = cause.code === 'ECONNREFUSED';
      const message = isRefused
        ? 'not running: start it with "gatehouse serve", or open the Gatehouse window.'
        : `The connection to the gateway failed: ${cause.message}.`;
      reject(new AppError('unavailable', message, { cause }));
    });
    req.end(body);
  });
}

function toResponse(res: IncomingMessage): Response {
  const status = res.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, values] of Object.entries(res.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) res.resume();
  return new Response(isEmpty ? null : (Readable.toWeb(res) as ReadableStream<Uint8Array>), { status, headers });
}
