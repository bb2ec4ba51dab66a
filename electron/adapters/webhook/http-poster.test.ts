import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxAnswerBytes, readWebhookAnswer } from '../../core/approvals/webhook-answer.ts';
import { readEndpoint } from '../../core/egress/endpoint.ts';
import type { Posted, Post } from '../../core/ports/http-poster.ts';
import { answerJson, loopbackConnect, startCaptureServer, type CaptureServer } from '../../testing/decider-world.ts';
import { okTestCertificate } from '../../testing/fixtures/ok-test-certificate.ts';
import { createHttpPoster } from './http-poster.ts';

let server: CaptureServer;
const sockets: Server[] = [];
beforeEach(async () => {
  server = await startCaptureServer();
});
afterEach(async () => {
  await server.close();
  for (const each of sockets.splice(0)) each.close();
});

const endpointOf = (url: string): Post['endpoint'] => {
  const read = readEndpoint(url, true);
  if (!read.ok) throw new Error(`${url}: ${read.why}`);
  return read.endpoint;
};

async function post(url: string, change: Partial<Post> = {}, ownPorts: readonly number[] = []): Promise<Posted> {
  return await createHttpPoster(loopbackConnect(ownPorts)).post({
    endpoint: endpointOf(url),
    reach: 'private',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
    ca: null,
    maxBytes: maxAnswerBytes,
    bodyMs: 300,
    signal: AbortSignal.timeout(3000),
    ...change,
  });
}

/** What the broker would hear. */
async function verdictOf(url: string, change: Partial<Post> = {}): Promise<string> {
  const posted = await post(url, change);
  return posted.kind === 'answer' ? readWebhookAnswer(posted).kind : 'none';
}

/** A server that speaks bytes, not HTTP. */
async function rawServer(speak: (socket: Socket) => void): Promise<string> {
  const raw = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => speak(socket));
  });
  sockets.push(raw);
  return await new Promise((resolve) =>
    raw.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(raw.address() as AddressInfo).port.toString()}/`)),
  );
}

describe('F47: what is no yes and no no', () => {
  it('takes the one form of each (positive control)', async () => {
    expect(await verdictOf(server.url)).toBe('approved');
    server.answer((_, response) => answerJson(response, { approved: false, reason: 'no' }));
    expect(await verdictOf(server.url)).toBe('denied');
    server.answer((_, response) => answerJson(response, { approved: false }));
    expect(await verdictOf(server.url)).toBe('denied');
  });

  const json = 'application/json';
  it.each<[string, number, Record<string, string>, string | Buffer]>([
    ['status 201', 201, { 'content-type': json }, '{"approved":true}'],
    ['status 302 to a yes', 302, { 'content-type': json, location: '/yes' }, '{"approved":true}'],
    ['status 307', 307, { 'content-type': json, location: '/yes' }, '{"approved":true}'],
    ['status 401', 401, { 'content-type': json }, '{"approved":true}'],
    ['status 500', 500, { 'content-type': json }, '{"approved":true}'],
    ['status 204', 204, {}, ''],
    ['the word true', 200, { 'content-type': json }, '{"approved":"true"}'],
    ['one', 200, { 'content-type': json }, '{"approved":1}'],
    ['null', 200, { 'content-type': json }, '{"approved":null}'],
    ['bare true', 200, { 'content-type': json }, 'true'],
    ['a list', 200, { 'content-type': json }, '[{"approved":true}]'],
    ['an extra key', 200, { 'content-type': json }, '{"approved":true,"reason":"x"}'],
    ['another extra key', 200, { 'content-type': json }, '{"approved":true,"digest":"x"}'],
    ['a key twice, no first', 200, { 'content-type': json }, '{"approved":false,"approved":true}'],
    ['a key twice, yes first', 200, { 'content-type': json }, '{"approved":true,"approved":false}'],
    ['a capital', 200, { 'content-type': json }, '{"Approved":true}'],
    ['__proto__', 200, { 'content-type': json }, '{"__proto__":{"approved":true}}'],
    ['a byte order mark', 200, { 'content-type': json }, '\ufeff{"approved":true}'],
    ['text after it', 200, { 'content-type': json }, '{"approved":true} ok'],
    ['two documents', 200, { 'content-type': json }, '{"approved":true}{"approved":true}'],
    ['nothing', 200, { 'content-type': json }, ''],
    ['a page', 200, { 'content-type': 'text/html' }, '<html>{"approved":true}</html>'],
    ['a page of the wrong type', 200, { 'content-type': json }, '<html></html>'],
    ['no content type', 200, {}, '{"approved":true}'],
    ['another charset', 200, { 'content-type': `${json}; charset=utf-16` }, '{"approved":true}'],
    ['compressed', 200, { 'content-type': json, 'content-encoding': 'gzip' }, gzipSync('{"approved":true}')],
    ['called identity and gzip', 200, { 'content-type': json, 'content-encoding': 'gzip' }, '{"approved":true}'],
    ['broken UTF-8', 200, { 'content-type': json }, Buffer.from([0x7b, 0xff, 0x7d])],
    ['a number as reason', 200, { 'content-type': json }, '{"approved":false,"reason":7}'],
  ])('%s', async (_name, status, headers, body) => {
    server.answer((_, response) => response.writeHead(status, headers).end(body));
    expect(await verdictOf(server.url)).toBe('none');
    // No redirect was followed.
    expect(server.captured).toHaveLength(1);
  });

  it('a gigabyte: stops reading early, and the process does not grow by it', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(65_536, 0x20);
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && sent < 1_073_741_824 && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', more);
      more();
    });
    expect(await verdictOf(url)).toBe('none');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('a gzip bomb stays a few bytes', async () => {
    server.answer((_, response) =>
      response.writeHead(200, { 'content-type': json, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000, 0x20))),
    );
    expect(await verdictOf(server.url)).toBe('none');
  });

  it.each([
    ['endless headers', (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x-pad: 0123456789\r\n'.repeat(4000)}`)],
    ['not HTTP', (socket: Socket) => socket.end('approved\r\n')],
    [
      'a body that breaks off',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"approved":true'),
    ],
    [
      'chunks that break off',
      (socket: Socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{"approved":true}\r\n'),
    ],
    [
      'two lengths',
      (socket: Socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\ncontent-length: 3\r\n\r\n{"approved":true}'),
    ],
    [
      'length and chunks',
      (socket: Socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{"approved":true}\r\n0\r\n\r\n',
        ),
    ],
    [
      'two content types',
      (socket: Socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-type: text/html\r\ncontent-length: 17\r\n\r\n{"approved":true}',
        ),
    ],
    [
      'another protocol',
      (socket: Socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n{"approved":true}'),
    ],
    ['an early yes and nothing more', (socket: Socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')],
  ])('%s', async (_name, speak) => {
    expect(await verdictOf(await rawServer((socket) => void speak(socket)))).toBe('none');
  });

  it('one byte a second: cut off by the time limit of the body', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 100);
      socket.once('close', () => clearInterval(timer));
    });
    expect(await post(url)).toMatchObject({ kind: 'failed', why: 'its answer came too slowly' });
  });

  it('silence: cut off when the request ends', async () => {
    const ending = new AbortController();
    const url = await rawServer(() => ending.abort('The request is over: denied.'));
    expect(await post(url, { signal: ending.signal })).toMatchObject({ kind: 'failed', why: 'The request is over: denied.' });
  });
});

describe('where it goes', () => {
  let secure: CaptureServer;
  beforeEach(async () => {
    secure = await startCaptureServer(true);
  });
  afterEach(async () => await secure.close());

  it('speaks TLS with a certificate that it trusts (positive control)', async () => {
    expect(await verdictOf(secure.url, { ca: okTestCertificate })).toBe('approved');
  });

  it.each([
    ['a certificate that nobody vouches for', (url: string) => url, null],
    ['a certificate for another name', (url: string) => url.replace('ok.test', 'evil.test'), okTestCertificate],
    ['a certificate for a name, at an address', (url: string) => url.replace('ok.test', '127.0.0.1'), okTestCertificate],
  ])('not a byte of the request to %s', async (_name, change, ca) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await post(change(secure.url), { ca })).kind).toBe('failed');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(secure.captured).toEqual([]);
  });

  it.each([
    ['loopback, without leave', 'public' as const, []],
    ['a port of the gateway’s own', 'private' as const, ['own']],
  ])('does not connect to %s', async (_name, reach, own) => {
    const posted = await post(secure.url, { reach, ca: okTestCertificate }, own.length === 0 ? [] : [secure.port]);
    expect(posted.kind).toBe('failed');
    expect(secure.connections()).toBe(0);
  });

  it('sends plain http to loopback only, whatever the settings say', async () => {
    for (const host of ['192.0.2.1', '10.0.0.1', '93.184.215.14'])
      expect((await post(server.url, { endpoint: { ...endpointOf(server.url), host } })).kind).toBe('failed');
    expect((await post(server.url)).kind).toBe('answer');
  });

  it('uses the connection that was judged, and resolves nothing itself', async () => {
    const elsewhere = { ...endpointOf(server.url), host: 'evil.test' };
    expect((await post(server.url, { endpoint: elsewhere })).kind).toBe('answer');
    expect(server.captured[0]?.headers.host).toBe(`evil.test:${server.port.toString()}`);
  });

  it('says of a name without an address, and of a closed port, that nothing was sent', async () => {
    expect((await post('https://nowhere.test/')).kind).toBe('unsent');
    await secure.close();
    expect((await post(secure.url)).kind).toBe('unsent');
  });
});
