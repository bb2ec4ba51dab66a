import { readdirSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEgressWorld, openTunnel, publicAddress, sendSecurely, type EgressWorld } from '../../testing/egress-world.ts';
import { okTestCertificate, okTestKey } from '../../testing/fixtures/ok-test-certificate.ts';
import { makeClientHello } from '../../testing/client-hello.ts';

let world: EgressWorld;
let authority: string;
let proxy: string;
let trust: string;
beforeEach(async () => {
  world = await openEgressWorld({ headMs: 1500, connections: 20, attempts: 100 });
  authority = `ok.test:${world.securePort}`;
  ({ proxy, trust } = await world.openIntercepting());
});
afterEach(async () => await world.close());

const last = () => world.events.at(-1);
const send = async (bytes: string, over: { readonly protocols?: readonly string[]; readonly servername?: string } = {}) =>
  await sendSecurely(proxy, authority, bytes, { servername: 'ok.test', ca: trust, ...over });
const get = (path: string, host = authority, more = 'Connection: close\r\n'): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

/** The positive control of every refusal: the same proxy lets a good request through, and nobody else's was served before or after. */
const stillServes = async (): Promise<void> => {
  const before = world.requests.length;
  expect((await send(get('/control'))).text).toContain('served /control');
  expect(world.requests.slice(before).map(({ line, headers }) => [line, headers.host])).toEqual([['GET /control', authority]]);
};

describe('a host whose TLS is opened', () => {
  it('is reached, verified at the far end, with the head written anew', async () => {
    const request = `POST /a?token=hunter2 HTTP/1.1\r\nHost: OK.test.:${world.securePort}\r\nContent-Length: 4\r\nX-Mine: 1\r\nX-Hop: 1\r\nConnection: close, X-Hop\r\n\r\nbody`;
    const { text, issuer } = await send(request);
    expect(text).toContain('served /a?token=hunter2');
    expect(issuer).toMatch(/^Gatehouse session /);
    const [seen] = world.requests;
    expect(seen).toMatchObject({ line: 'POST /a?token=hunter2', body: 'body', headers: { host: authority, 'x-mine': '1' } });
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual(['connection', 'content-length', 'host', 'x-mine']);
    await expect
      .poll(last)
      .toMatchObject({ host: 'ok.test', port: world.securePort, address: publicAddress, refusal: null, intercepted: true });
    expect(last()?.request).toEqual({ method: 'POST', pathLength: 2 });
    expect(last()?.bytesUp).toBeGreaterThan(300);
    expect(last()?.bytesDown).toBeGreaterThan(500);
    expect(JSON.stringify(world.events)).not.toContain('hunter2');
  });

  it('takes a target in absolute form that names the same host', async () => {
    expect((await send(get(`https://ok.test:${world.securePort}/abs`))).text).toContain('served /abs');
    expect(world.requests.map(({ line }) => line)).toEqual(['GET /abs']);
  });

  it('is told of request by request, each compared', async () => {
    const keep = (path: string, host: string): string => get(path, host, '');
    const { text } = await send(
      keep('/1', authority) + keep('/2', authority) + keep('/3', `evil.test:${world.securePort}`) + keep('/4', authority),
    );
    expect(text).toContain('served /1');
    expect(text).toContain('served /2');
    expect(text).toContain('host_mismatch');
    expect(world.requests.map(({ line }) => line).sort()).not.toContain('GET /3');
    await expect.poll(() => world.events.filter(({ refusal }) => refusal === null).length).toBeGreaterThanOrEqual(2);
    expect(world.events).toContainEqual(expect.objectContaining({ refusal: 'host_mismatch', address: null, intercepted: true }));
  });

  it('carries large bodies both ways, unchanged, and answers before the request has ended', async () => {
    const megabytes = 'x'.repeat(3_000_000);
    const { text } = await send(
      `POST /big HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\nContent-Length: ${megabytes.length}\r\n\r\n${megabytes}`,
    );
    expect(text).toContain('served /big');
    expect(world.requests[0]?.body).toBe(megabytes);
    const secure = createServer({ key: okTestKey, cert: okTestCertificate }, (incoming, response) => {
      response.write('early ');
      incoming.resume().on('end', () => response.end(megabytes));
    });
    const port = await new Promise<number>((resolve) =>
      secure.listen(0, '127.0.0.1', () => resolve((secure.address() as AddressInfo).port)),
    );
    const other = await world.openIntercepting([`ok.test:${port}`], [`ok.test:${port}`]);
    const answer = await sendSecurely(other.proxy, `ok.test:${port}`, get('/', `ok.test:${port}`), {
      servername: 'ok.test',
      ca: other.trust,
    });
    expect(answer.text.replace(/\r\n[0-9a-f]+\r\n/g, '')).toContain('early ');
    expect(answer.text.split('x').length - 1).toBe(megabytes.length);
    secure.closeAllConnections();
    secure.close();
  });

  it('is dialled as it was checked, whatever its name answers later', async () => {
    world.names.set('ok.test', [[publicAddress], ['127.0.0.1']]);
    expect((await send(get('/1', authority, '') + get('/2'))).text).toContain('served /2');
    expect(world.resolved).toEqual(['ok.test']);
    expect(world.dialed.map(({ text }) => text)).toEqual([publicAddress, publicAddress]);
    const { text } = await send(get('/3'));
    expect(text).toBe('refused: private_address');
  });
});

describe('domain fronting', () => {
  it.each([
    ['another host', 'evil.test', 'host_mismatch'],
    ['a host below it', 'sub.ok.test', 'host_mismatch'],
    ['another port', 'ok.test', 'host_mismatch'],
    ['an address', '127.0.0.1', 'host_mismatch'],
    ['two', 'ok.test, evil.test', 'host_mismatch'],
    ['nothing', '', 'host_mismatch'],
  ])('is refused when Host names %s', async (_, host, refusal) => {
    expect((await send(get('/fronted', host))).text).toContain(refusal);
    expect(world.requests).toEqual([]);
    expect(world.dialed).toEqual([]);
    expect(last()).toMatchObject({ refusal, address: null, intercepted: true, request: { method: 'GET', pathLength: 8 } });
    await stillServes();
  });

  it.each([
    ['a Host that repeats', `GET / HTTP/1.1\r\nHost: AUTHORITY\r\nHost: evil.test\r\n\r\n`, 'bad_request'],
    ['no Host', `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`, 'bad_request'],
    ['a target elsewhere', `GET https://evil.test/ HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n`, 'host_mismatch'],
    ['a target elsewhere, and its Host', `GET https://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n`, 'host_mismatch'],
    ['a target in plain', `GET http://AUTHORITY/ HTTP/1.1\r\nHost: AUTHORITY\r\n\r\n`, 'bad_request'],
    ['a tunnel inside the tunnel', `CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n`, ''],
    ['a WebSocket', `GET / HTTP/1.1\r\nHost: AUTHORITY\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 'upgrade'],
    ['HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, 'bad_request'],
    ['no HTTP', `SSH-2.0-OpenSSH_9.6\r\n`, 'bad_request'],
  ])('is refused with %s', async (_, bytes, refusal) => {
    const { text } = await send(bytes.replaceAll('AUTHORITY', authority));
    expect(text).toContain(refusal);
    expect(text).not.toContain('served');
    expect(world.requests).toEqual([]);
    expect(world.dialed).toEqual([]);
    if (refusal !== '') expect(last()).toMatchObject({ refusal, address: null });
    await stillServes();
  });

  it('passes where TLS is not opened, which is a known limit, and is the control of all of these', async () => {
    const closed = await world.openProxy();
    const { text, issuer } = await sendSecurely(closed, authority, get('/fronted', 'evil.test'), { servername: 'ok.test' });
    expect(text).toContain('served /fronted');
    expect(issuer).toBe('ok.test');
    expect(world.requests.map(({ headers }) => headers.host)).toEqual(['evil.test']);
    await expect.poll(last).toMatchObject({ intercepted: false, request: null, refusal: null });
  });

  it('is compared for the hosts that are named, and the rest stay shut beside them', async () => {
    const mixed = await world.openIntercepting([`other.test:${world.securePort}`], [authority, `other.test:${world.securePort}`]);
    const { text, issuer } = await sendSecurely(mixed.proxy, authority, get('/', 'evil.test'), { servername: 'ok.test', ca: mixed.trust });
    expect(text).toContain('served /');
    expect(issuer).toBe('ok.test');
  });

  it('is not helped by another server name in the hello', async () => {
    expect((await send(get('/'), { servername: 'evil.test' })).text).toMatch(/^(cut|$)/);
    expect(last()).toMatchObject({ refusal: 'sni_mismatch', address: null });
    await stillServes();
  });

  it('is not helped by HTTP/2: only HTTP/1.1 is offered', async () => {
    expect(await send(get('/'), { protocols: ['h2', 'http/1.1'] })).toMatchObject({ protocol: 'http/1.1' });
    const before = world.requests.length;
    expect((await send(get('/'), { protocols: ['h2'] })).text).toMatch(/^cut: .*alpn|no application protocol/i);
    expect(world.requests).toHaveLength(before);
    await expect.poll(last).toMatchObject({ refusal: 'not_trusted', address: null });
    await stillServes();
  });
});

describe('smuggling inside TLS', () => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n';
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

  it.each([
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['the same length twice', `Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde`],
    ['a list of lengths', `Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a signed length', `Content-Length: +5\r\n\r\nabcde`],
    ['length and chunks', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`],
    ['another coding', `Transfer-Encoding: gzip, chunked\r\n\r\n${chunk}`],
    ['chunks twice', `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`],
    ['a disguised coding', `Transfer-Encoding:\x0bchunked\r\n\r\n${chunk}`],
    ['a folded header', `X-A: 1\r\n Host: evil.test\r\n\r\n`],
    ['a bare line feed', `X-A: 1\nHost: evil.test\r\n\r\n`],
    ['a bare carriage return', `X-A: 1\rHost: evil.test\r\n\r\n`],
    ['a space before the colon', `Host : evil.test\r\n\r\n`],
    ['a NUL', `X-A: 1\0\r\n\r\n`],
  ])('is refused: %s', async (_, rest) => {
    const { text } = await send(`POST / HTTP/1.1\r\nHost: ${authority}\r\n${rest}`);
    expect(text).toMatch(/^HTTP\/1\.1 400/);
    expect(text).not.toContain('served');
    expect(world.requests).toEqual([]);
    expect(last()).toMatchObject({ refusal: 'bad_request', address: null, intercepted: true });
    await stillServes();
  });

  it.each([
    ['extensions of chunks', `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)};a=b\r\n${smuggled}\r\n0;c\r\n\r\n`],
    ['trailers', `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\nHost: evil.test\r\n\r\n`],
    ['a body that GET does not expect', `Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
  ])('is written anew: %s', async (_, rest) => {
    const { text } = await send(`GET /get HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n${rest}`);
    expect(text).toContain('served /get');
    expect(world.requests.map(({ line, body }) => [line, body])).toEqual([['GET /get', smuggled]]);
    expect(world.requests[0]?.headers.host).toBe(authority);
    await stillServes();
  });

  it('is cut: a length of a chunk that is none', async () => {
    const { text } = await send(
      `POST /cut HTTP/1.1\r\nHost: ${authority}\r\nTransfer-Encoding: chunked\r\n\r\n5\nabcde\r\n0\r\n\r\n${smuggled}`,
    );
    expect(text).not.toContain('served');
    expect(world.requests.filter(({ line }) => line !== 'POST /cut')).toEqual([]);
  });
});

describe('the far end', () => {
  it.each([
    ['that nobody vouches for', '', ''],
    ['of another name', 'other.test', okTestCertificate],
  ])('is refused, and told, with a certificate %s', async (_, name, roots) => {
    const host = name === '' ? 'ok.test' : name;
    const where = `${host}:${world.securePort}`;
    world.names.set('other.test', [[publicAddress]]);
    if (roots === '') world.roots = trust.slice(trust.lastIndexOf('-----BEGIN CERTIFICATE'));
    const own = await world.openIntercepting([where], [where]);
    const { text, issuer } = await sendSecurely(own.proxy, where, get('/', where), { servername: host, ca: own.trust });
    expect(issuer).toMatch(/^Gatehouse/);
    expect(text).toMatch(/^HTTP\/1\.1 502[^]*bad_certificate[^]*could not be verified/);
    expect(world.requests).toEqual([]);
    expect(last()).toMatchObject({ host, refusal: 'bad_certificate', address: publicAddress, intercepted: true });
    world.roots = okTestCertificate;
    await stillServes();
  });

  it('is refused where it speaks no TLS', async () => {
    const where = `ok.test:${world.plainPort}`;
    const own = await world.openIntercepting([where], [where]);
    const { text } = await sendSecurely(own.proxy, where, get('/', where), { servername: 'ok.test', ca: own.trust });
    expect(text).toContain('bad_certificate');
    expect(world.requests).toEqual([]);
  });
});

describe('what commands must trust', () => {
  it('is the system’s certificates and that of an authority which is told of once, and no key', async () => {
    expect(trust.startsWith(okTestCertificate)).toBe(true);
    expect(trust.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(trust).not.toMatch(/PRIVATE|KEY/);
    expect((await world.openIntercepting()).trust).toBe(trust);
    expect(world.authorities).toHaveLength(1);
    expect(world.authorities[0]?.hosts).toEqual(['ok.test']);
    expect(world.authorities[0]?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    await send(get('/'));
    expect(readdirSync(dirname(proxy)).filter((name) => !name.endsWith('.sock'))).toEqual([]);
  });

  it('is nothing of ours where no TLS is opened', async () => {
    const fresh = await openEgressWorld();
    const { trust: none } = await fresh.egress.openProxy({ domains: ['ok.test'], intercept: [], onEvent: () => undefined });
    expect(none).toBeNull();
    expect(fresh.authorities).toEqual([]);
    await fresh.close();
  });

  it('is told of when a command does not take it', async () => {
    const { text } = await sendSecurely(proxy, authority, get('/'), { servername: 'ok.test' });
    expect(text).toMatch(/^cut/);
    await expect.poll(last).toMatchObject({ host: 'ok.test', refusal: 'not_trusted', intercepted: true, address: null });
    expect(world.dialed).toEqual([]);
    await stillServes();
  });

  it('is not made for what names no host', async () => {
    await expect(
      world.egress.openProxy({ domains: ['ok.test'], intercept: ['127.0.0.1'], onEvent: () => undefined }),
    ).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('bounds inside TLS', () => {
  it('cuts slow handshakes and slow heads', async () => {
    const { socket } = await openTunnel(proxy, authority);
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    socket.resume().write(await makeClientHello('ok.test'));
    const slow = send('GET / HT');
    await closed;
    expect((await slow).text).not.toContain('served');
    expect(world.events.map(({ refusal }) => refusal)).toContain('not_trusted');
    await stillServes();
  });

  it('dials for so many requests at a time, however many one connection carries', async () => {
    const waiting: (() => void)[] = [];
    const secure = createServer({ key: okTestKey, cert: okTestCertificate }, (_, response) => waiting.push(() => response.end('late')));
    const port = await new Promise<number>((resolve) =>
      secure.listen(0, '127.0.0.1', () => resolve((secure.address() as AddressInfo).port)),
    );
    const where = `ok.test:${port}`;
    const own = await world.openIntercepting([where], [where]);
    const sent = sendSecurely(own.proxy, where, get('/', where, '').repeat(59) + get('/', where), { servername: 'ok.test', ca: own.trust });
    await expect.poll(() => waiting.length, { timeout: 10_000 }).toBe(20);
    await expect.poll(() => world.events.filter(({ refusal }) => refusal === 'too_many').length, { timeout: 10_000 }).toBe(40);
    for (const answer of waiting) answer();
    expect((await sent).text).toContain('late');
    expect(world.dialed).toHaveLength(20);
    secure.closeAllConnections();
    secure.close();
    await stillServes();
  });

  it('cuts everything and tells of it when it stops', async () => {
    const secure = createServer({ key: okTestKey, cert: okTestCertificate }, () => undefined);
    const port = await new Promise<number>((resolve) =>
      secure.listen(0, '127.0.0.1', () => resolve((secure.address() as AddressInfo).port)),
    );
    const where = `ok.test:${port}`;
    const own = await world.openIntercepting([where], [where]);
    const sent = sendSecurely(own.proxy, where, get('/', where), { servername: 'ok.test', ca: own.trust });
    await expect.poll(() => world.dialed.length).toBe(1);
    await world.egress.stop();
    expect((await sent).text).not.toContain('200');
    expect(last()).toMatchObject({ host: 'ok.test', address: publicAddress });
    secure.closeAllConnections();
    secure.close();
  });
});
