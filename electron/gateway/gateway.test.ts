import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentToken } from '../../shared/domain/identity.ts';
import type { TokenService } from '../core/identity/token-service.ts';
import { freePort } from '../testing/free-port.ts';
import { rawHttp, type RawResponse } from '../testing/raw-http.ts';
import { createGateway, type FailedAuthentication, type Gateway } from './gateway.ts';

const good = 'gth_aaaaaaaaaaaaaaaa_' + 'x'.repeat(43);
const token = { id: 'tok_aaaaaaaaaaaaaaaa', agent: 'tester' } as AgentToken;

const tokens = {
  authenticate: (bearer: string) => (bearer === good ? { ok: true, token } : { ok: false, reason: 'unknown' }),
  prove: (id: string, message: string) => (id === token.id ? `proof of ${message}` : null),
} as unknown as TokenService;

describe('the front door of the agents’ plane', () => {
  let port: number;
  let gateway: Gateway;
  /** The canary: what got through to MCP. */
  let served: unknown[];
  let failures: FailedAuthentication[];
  let origins: string[];

  beforeEach(async () => {
    port = await freePort();
    served = [];
    failures = [];
    origins = [];
    gateway = createGateway({
      port: () => port,
      allowedOrigins: () => origins,
      tokens,
      mcp: {
        handle: ({ body, res }) => {
          served.push(body);
          res.writeHead(200, { connection: 'close' }).end('served');
          return Promise.resolve();
        },
        endToken: () => undefined,
        stop: () => Promise.resolve(),
      },
      monotonic: () => performance.now(),
      onAuthenticationFailed: (failure) => failures.push(failure),
      log: () => undefined,
    });
    await gateway.start();
  });

  afterEach(async () => {
    await gateway.stop();
  });

  const head = (changes: Record<string, string | string[] | null> = {}, request = 'POST /mcp HTTP/1.1'): string => {
    const headers: Record<string, string | string[] | null> = {
      host: `127.0.0.1:${port.toString()}`,
      'content-type': 'application/json',
      authorization: `Bearer ${good}`,
      'content-length': '2',
      ...changes,
    };
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
    );
    return [request, ...lines, '', ''].join('\r\n');
  };
  const post = async (
    changes: Record<string, string | string[] | null> = {},
    body = '{}',
    request = 'POST /mcp HTTP/1.1',
  ): Promise<RawResponse> =>
    await rawHttp(port, head({ 'content-length': Buffer.byteLength(body).toString(), ...changes }, request) + body);

  it('lets a proper request through (the positive control), once', async () => {
    const response = await post({}, '{"a":1}');
    expect(response.status).toBe(200);
    expect(served).toEqual([{ a: 1 }]);
  });

  it.each([
    ['a rebound name', { host: 'evil.test' }, 403],
    ['a rebound name with our port', { host: 'evil.test:9876' }, 403],
    ['our name without the port', { host: '127.0.0.1' }, 403],
    ['a trailing dot', { host: 'localhost.:1' }, 403],
    ['IPv6 loopback', { host: '[::1]:1' }, 403],
    ['two Host headers', { host: ['127.0.0.1:1', 'evil.test'] }, 400],
    ['no Host header', { host: null }, 400],
    ['a web page’s Origin', { origin: 'https://evil.test' }, 403],
    ['the null Origin', { origin: 'null' }, 403],
    ['our own address as Origin', { origin: 'http://127.0.0.1:9876' }, 403],
    ['two Origins', { origin: ['https://a.test', 'https://b.test'] }, 400],
    ['text/plain carrying JSON-RPC', { 'content-type': 'text/plain' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['no Content-Type', { 'content-type': null }, 415],
    ['a JSON look-alike', { 'content-type': 'application/json-patch+json' }, 415],
    ['another charset', { 'content-type': 'application/json; charset=utf-7' }, 415],
    ['gzip', { 'content-encoding': 'gzip' }, 415],
    ['50 MB announced', { 'content-length': '52428800' }, 413],
    ['no token', { authorization: null }, 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['Basic', { authorization: 'Basic YTpi' }, 401],
    ['a 10 kB token', { authorization: `Bearer ${'a'.repeat(10_000)}` }, 401],
    ['a non-ASCII token', { authorization: 'Bearer gth_ü' }, 401],
    ['two tokens', { authorization: [`Bearer ${good}`, `Bearer ${good}`] }, 400],
    ['a good token with a tail', { authorization: `Bearer ${good} x` }, 401],
    ['the token in a cookie', { authorization: null, cookie: `token=${good}` }, 401],
  ])('F16: refuses %s', async (_name, headers, status) => {
    const response = await post(headers);
    expect(response.status).toBe(status);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(served).toEqual([]);
    expect(response.body).not.toContain(good);
  });

  it('F16: a token in the query string counts for nothing', async () => {
    expect((await post({ authorization: null }, '{}', `POST /mcp?token=${good} HTTP/1.1`)).status).toBe(401);
    expect(served).toEqual([]);
    expect(JSON.stringify(failures)).not.toContain(good);
  });

  it.each([
    '//mcp',
    '/%6dcp',
    '/mcp/',
    '/MCP',
    '/mcp/../mcp',
    '/./mcp',
    '/mcp;a',
    'http://127.0.0.1/mcp',
    '*',
    '/',
    '/metrics',
    '/api/invoke',
    '/.well-known/oauth-authorization-server',
  ])('there is nothing at %s', async (path) => {
    expect((await post({}, '{}', `POST ${path} HTTP/1.1`)).status).toBe(404);
    expect(served).toEqual([]);
  });

  it.each(['TRACE', 'OPTIONS', 'PUT', 'PATCH', 'HEAD'])('%s is not served, whatever it asks for', async (method) => {
    const response = await post(
      { 'access-control-request-method': 'POST', 'access-control-request-private-network': 'true', 'x-http-method-override': 'POST' },
      '{}',
      `${method} /mcp HTTP/1.1`,
    );
    expect(response.status).toBe(405);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(served).toEqual([]);
  });

  it('asks for the body of a request with an Expect header only behind the door', async () => {
    expect((await post({ expect: '100-continue', host: 'evil.test' })).status).toBe(403);
    expect((await post({ expect: '100-continue', authorization: null })).status).toBe(401);
    expect((await post({ expect: 'something', host: 'evil.test' })).status).toBe(403);
    expect(served).toEqual([]);
    // Positive control.
    const response = await post({ expect: '100-continue' }, '{"a":1}');
    expect([response.status, response.body.split('\r\n')[0]]).toEqual([100, 'HTTP/1.1 200 OK']);
    expect(served).toEqual([{ a: 1 }]);
  });

  it.each(['websocket', 'h2c'])('answers a request to change to %s as HTTP, behind the same door', async (protocol) => {
    const upgrade = { connection: 'Upgrade, HTTP2-Settings', upgrade: protocol, 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' };
    expect((await post({ ...upgrade, host: 'evil.test' })).status).toBe(403);
    expect((await post({ ...upgrade, authorization: null })).status).toBe(401);
    expect(served).toEqual([]);
    expect((await post(upgrade, '{"a":1}')).status).toBe(200);
    expect(served).toEqual([{ a: 1 }]);
  });

  it('keeps the order Host → Origin → route → type → size → token → parse', async () => {
    const wrong = {
      host: 'evil.test',
      origin: 'https://evil.test',
      'content-type': 'text/plain',
      'content-length': '99999999',
      authorization: null,
    };
    expect((await post(wrong, '', 'POST /nowhere HTTP/1.1')).status).toBe(403);
    expect((await post({ ...wrong, host: `127.0.0.1:${port.toString()}` }, '', 'POST /nowhere HTTP/1.1')).body).toContain('web pages');
    const ours = { ...wrong, host: `localhost:${port.toString()}`, origin: null };
    expect((await post(ours, '', 'POST /nowhere HTTP/1.1')).status).toBe(404);
    expect((await post(ours)).status).toBe(415);
    expect((await post({ ...ours, 'content-type': 'application/json' })).status).toBe(413);
    expect((await post({ ...ours, 'content-type': 'application/json', 'content-length': '1' }, '{')).status).toBe(401);
    expect((await post({}, '{')).status).toBe(400);
    expect(served).toEqual([]);
  });

  it('an Origin that the operator listed is let through, and still gets no CORS header', async () => {
    origins = ['https://tool.test'];
    const response = await post({ origin: 'https://tool.test' });
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it.each([
    ['duplicate keys', '{"a":1,"a":2}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['an unsafe integer', '{"a":9007199254740993}'],
    ['a byte order mark', '\ufeff{}'],
    ['deep nesting', '['.repeat(200) + ']'.repeat(200)],
    ['text after the value', '{} {}'],
    ['nothing', ''],
  ])('parses strictly: %s is refused', async (_name, body) => {
    expect((await post({}, body)).status).toBe(400);
    expect(served).toEqual([]);
  });

  it('cuts an endless chunked body off', async () => {
    const chunk = `100000\r\n${'a'.repeat(0x100000)}\r\n`;
    const response = await rawHttp(port, head({ 'content-length': null, 'transfer-encoding': 'chunked' }) + chunk.repeat(6), {
      timeoutMs: 20_000,
    });
    expect(response.status).toBe(413);
    expect(served).toEqual([]);
  });

  it('F86: a thousand wrong tokens are throttled and coalesced, a good one from the same address is not', async () => {
    const wrong = await Promise.all(Array.from({ length: 200 }, async () => await post({ authorization: 'Bearer gth_wrong' })));
    expect(wrong.filter(({ status }) => status === 401)).toHaveLength(20);
    const limited = wrong.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(180);
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(21);
    expect((await post()).status).toBe(200);
  });

  it('500 slow sockets do not keep a good client waiting', async () => {
    const slow = Array.from({ length: 500 }, () => connect(port, '127.0.0.1'));
    for (const socket of slow) {
      socket.on('error', () => undefined);
      socket.write('POST /mcp HTTP/1.1\r\nhost: x');
    }
    const response = await post();
    for (const socket of slow) socket.destroy();
    expect(response.status).toBe(200);
  });

  it('F01: listens on 127.0.0.1 and on no other address', async () => {
    const others = [...Object.values(networkInterfaces()).flatMap((list) => list ?? [])].filter(
      ({ family, address }) => family === 'IPv4' && address !== '127.0.0.1',
    );
    for (const host of ['127.0.0.2', ...others.map(({ address }) => address)]) {
      await expect(rawHttp(port, head(), { host, timeoutMs: 2000 }), host).rejects.toThrow();
    }
  });

  it('F02: a taken port is a clear error and no other port is tried', async () => {
    const taken = await freePort();
    const holder = createServer().listen(taken, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const second = createGateway({
      port: () => taken,
      allowedOrigins: () => [],
      tokens,
      mcp: { handle: () => Promise.resolve(), endToken: () => undefined, stop: () => Promise.resolve() },
      monotonic: () => 0,
      onAuthenticationFailed: () => undefined,
      log: () => undefined,
    });
    await expect(second.start()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(taken.toString()) as string });
    holder.close();
  });

  it('proves to a token’s holder that it is the gateway, and tells nobody else anything', async () => {
    const nonce = 'n'.repeat(32);
    const ask = async (id: string): Promise<Response> =>
      await fetch(`http://127.0.0.1:${port.toString()}/proof`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token_id: id, nonce }),
      });
    expect(await (await ask(token.id)).json()).toEqual({ proof: `proof of gatehouse-proof-v1\n${port.toString()}\n${token.id}\n${nonce}` });
    expect((await ask('tok_bbbbbbbbbbbbbbbb')).status).toBe(404);
    expect((await ask('nonsense')).status).toBe(404);
  });
});
