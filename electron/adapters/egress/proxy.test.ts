import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { craftClientHello, cutRecords, makeClientHello, serverNames } from '../../testing/client-hello.ts';
import { getSecurely, openEgressWorld, openTunnel, publicAddress, sendRaw, type EgressWorld } from '../../testing/egress-world.ts';

let world: EgressWorld;
beforeEach(async () => {
  world = await openEgressWorld({ headMs: 1000, connections: 20, attempts: 50 });
});
afterEach(async () => await world.close());

const get = (authority: string, path = '/', host = authority): string =>
  `GET http://${authority}${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const last = () => world.events.at(-1);

/** The positive control of every refusal: the same proxy lets a good request through. */
const stillServes = async (proxy: string): Promise<void> => {
  expect(await sendRaw(proxy, get(`ok.test:${world.plainPort}`, '/control'))).toContain('served /control');
  expect(world.canaryHits()).toBe(0);
};

describe('what is on the list', () => {
  it('is reached in plain, with the head written anew and every byte counted', async () => {
    const proxy = await world.openProxy();
    const request = `POST http://OK.test:${world.plainPort}/a?b HTTP/1.1\r\nHost: ok.test.:${world.plainPort}\r\nContent-Length: 4\r\nProxy-Authorization: x\r\nX-Mine: 1\r\nX-Hop: 1\r\nConnection: close, X-Hop\r\n\r\nbody`;
    expect(await sendRaw(proxy, request)).toContain('served /a?b');
    const [seen] = world.requests;
    expect(seen).toMatchObject({ line: 'POST /a?b', body: 'body', headers: { host: `ok.test:${world.plainPort}`, 'x-mine': '1' } });
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual(['connection', 'content-length', 'host', 'x-mine']);
    expect(last()).toMatchObject({ host: 'ok.test', port: world.plainPort, address: publicAddress, refusal: null });
    expect(last()?.bytesUp).toBeGreaterThan(50);
    expect(last()?.bytesDown).toBeGreaterThan(50);
  });

  it('is reached with TLS, end to end', async () => {
    const proxy = await world.openProxy();
    expect(await getSecurely(proxy, `ok.test:${world.securePort}`, 'ok.test')).toContain('served /');
    await expect.poll(() => last()).toMatchObject({ host: 'ok.test', address: publicAddress, refusal: null });
    expect(last()?.bytesDown).toBeGreaterThan(500);
  });

  it('is reached in plain inside a tunnel, each request compared', async () => {
    const proxy = await world.openProxy();
    const { socket } = await openTunnel(proxy, `ok.test:${world.plainPort}`);
    const text = new Promise<string>((resolve) => {
      let all = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
      socket.once('close', () => resolve(all));
    });
    const one = (path: string, host: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}:${world.plainPort}\r\n\r\n`;
    socket.write(one('/1', 'ok.test') + one('/2', 'ok.test') + one('/3', 'evil.test'));
    const answers = await text;
    expect(answers).toContain('served /1');
    expect(answers).toContain('served /2');
    expect(answers).toContain('host_mismatch');
    expect(world.requests.map(({ line }) => line)).toEqual(['GET /1', 'GET /2']);
  });

  it('keeps its sockets to itself', async () => {
    const proxy = await world.openProxy();
    expect(statSync(dirname(proxy)).mode & 0o777).toBe(0o700);
    expect(statSync(proxy).mode & 0o777).toBe(0o600);
  });
});

describe('names and addresses', () => {
  const forms = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fe80::1%25lo]',
    '0',
    '1.2.3.4.',
  ];

  it.each(forms)('does not dial the address %s', async (form) => {
    const proxy = await world.openProxy();
    expect(await sendRaw(proxy, get(`${form}:${world.canaryPort}`))).toContain('bad_name');
    expect(await openTunnel(proxy, `${form}:${world.canaryPort}`).catch(() => ({ status: 400 }))).not.toMatchObject({ status: 200 });
    expect(last()?.address).toBeNull();
    await stillServes(proxy);
  });

  it.each(['evilok.test', 'ok.test.evil', 'sub.ok.test', 'localhost'])('does not take %s for ok.test', async (host) => {
    world.names.set(host, [['127.0.0.1']]);
    const proxy = await world.openProxy();
    expect(await sendRaw(proxy, get(`${host}:${world.canaryPort}`))).toContain('not_listed');
    expect(await openTunnel(proxy, `${host}:${world.canaryPort}`)).toMatchObject({ status: 403, refusal: 'not_listed' });
    expect(world.resolved).toEqual([]);
    await stillServes(proxy);
  });

  it.each(['ok.test\0.evil', 'ok.test%00.evil', 'user@ok.test', 'ok.test\t', 'ok.test#', 'ok.test\\@evil'])('refuses %j', async (host) => {
    const proxy = await world.openProxy();
    for (const head of [get(`${host}:${world.canaryPort}`), `CONNECT ${host}:${world.canaryPort} HTTP/1.1\r\n\r\n`])
      expect(await sendRaw(proxy, head)).toMatch(/^HTTP\/1\.1 40[03]/);
    expect(world.resolved).toEqual([]);
    await stillServes(proxy);
  });

  it.each(['file:///etc/passwd', 'ftp://ok.test/', 'gopher://ok.test:70/', 'https://ok.test/', 'data:,x', '/', '*'])(
    'refuses to get %s',
    async (url) => {
      const proxy = await world.openProxy();
      expect(await sendRaw(proxy, `GET ${url} HTTP/1.1\r\nHost: ok.test\r\n\r\n`)).toMatch(/^HTTP\/1\.1 40[03]/);
      await stillServes(proxy);
    },
  );

  it.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['0.0.0.0'],
    ['fd00:ec2::254'],
  ])('refuses a name that leads to %s, alone or among good ones', async (address) => {
    world.names.set('rebound.test', [[address], [publicAddress, address]]);
    const proxy = await world.openProxy([`rebound.test:${world.canaryPort}`, `ok.test:${world.plainPort}`]);
    for (const _ of [1, 2]) expect(await sendRaw(proxy, get(`rebound.test:${world.canaryPort}`))).toContain('private_address');
    expect(world.dialed).toEqual([]);
    await stillServes(proxy);
  });

  it('dials what it checked, when the name flips right after', async () => {
    world.names.set('flip.test', [[publicAddress], ['127.0.0.1']]);
    const proxy = await world.openProxy([`flip.test:${world.plainPort}`]);
    expect(await sendRaw(proxy, get(`flip.test:${world.plainPort}`))).toContain('served /');
    expect(world.dialed.map(({ text }) => text)).toEqual([publicAddress]);
    expect(world.resolved).toEqual(['flip.test']);
    expect(await sendRaw(proxy, get(`flip.test:${world.plainPort}`))).toContain('private_address');
    expect(world.dialed).toHaveLength(1);
  });

  it('lets the operator name hosts that are at home, but never the metadata service', async () => {
    world.names.set('lan.test', [['127.0.0.1']]).set('meta.test', [['169.254.169.254']]);
    const lan = `lan.test:${world.plainPort}`;
    const proxy = await world.openProxy([lan, 'meta.test']);
    expect(await sendRaw(proxy, get(lan))).toContain('private_address');
    world.privateHosts = [lan, 'meta.test'];
    expect(await sendRaw(proxy, get(lan))).toContain('served /');
    expect(await sendRaw(proxy, get('meta.test'))).toContain('private_address');
  });

  it('refuses the gateway’s own ports, whatever is allowed', async () => {
    world.names.set('localhost', [['127.0.0.1']]);
    world.ownPorts = [world.canaryPort];
    const own = `localhost:${world.canaryPort}`;
    world.privateHosts = [own];
    const proxy = await world.openProxy([own, `ok.test:${world.plainPort}`]);
    expect(await sendRaw(proxy, get(own))).toContain('own_port');
    expect(await openTunnel(proxy, own)).toMatchObject({ status: 403, refusal: 'own_port' });
    await stillServes(proxy);
    world.ownPorts = [];
    expect(await sendRaw(proxy, get(own))).toContain('canary');
  });

  it('does not follow a redirect, and refuses where it leads', async () => {
    world.names.set('inside.test', [['127.0.0.1']]);
    const proxy = await world.openProxy([`ok.test:${world.plainPort}`, 'inside.test']);
    expect(await sendRaw(proxy, get(`ok.test:${world.plainPort}`, '/away'))).toContain('302 Found');
    expect(world.resolved).toEqual(['ok.test']);
    expect(await sendRaw(proxy, get('inside.test'))).toContain('private_address');
  });
});

describe('who says two things', () => {
  it.each(['evil.test', 'sub.ok.test', 'xok.test'])('is cut when TLS asks for %s', async (servername) => {
    const proxy = await world.openProxy();
    expect(await getSecurely(proxy, `ok.test:${world.securePort}`, servername)).toMatch(/^(cut|$)/);
    expect(last()).toMatchObject({ refusal: 'sni_mismatch', address: null });
    expect(world.dialed).toEqual([]);
    await stillServes(proxy);
  });

  it('is cut without a name, with two, or speaking anything but TLS', async () => {
    const proxy = await world.openProxy();
    const firsts = {
      unnamed: await makeClientHello(null),
      two: craftClientHello([
        [0, serverNames('ok.test')],
        [0, serverNames('evil.test')],
      ]),
      ssh: Buffer.from('SSH-2.0-OpenSSH_9.6\r\n'),
      smtp: Buffer.from('ehlo x\r\n'),
      preface: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      zero: Buffer.alloc(100),
    };
    for (const [name, bytes] of Object.entries(firsts)) {
      const { socket } = await openTunnel(proxy, `ok.test:${world.canaryPort}`);
      const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
      socket.resume().write(bytes);
      await closed;
      expect(last()?.refusal, name).toMatch(/sni_mismatch|bad_request/);
      expect(world.dialed, name).toEqual([]);
    }
    await stillServes(proxy);
  });

  it('is not helped by cutting the hello into pieces', async () => {
    const proxy = await world.openProxy();
    for (const [name, dials] of [
      ['ok.test', 1],
      ['evil.test', 0],
    ] as const) {
      world.dialed.length = 0;
      const hello = cutRecords(await makeClientHello(name), 200);
      const { socket } = await openTunnel(proxy, `ok.test:${world.securePort}`);
      socket.on('error', () => undefined).resume();
      for (let at = 0; at < hello.length; at += 97) {
        socket.write(hello.subarray(at, at + 97));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expect.poll(() => world.dialed.length + (socket.destroyed ? 1 : 0)).toBeGreaterThan(0);
      expect(world.dialed.length).toBe(dials);
      socket.destroy();
    }
  });

  it.each([
    ['another host', 'evil.test'],
    ['another port', 'ok.test:1'],
    ['an address', '127.0.0.1'],
  ])('is refused when the Host header names %s', async (_, host) => {
    const proxy = await world.openProxy();
    expect(await sendRaw(proxy, get(`ok.test:${world.canaryPort}`, '/', host))).toContain('host_mismatch');
    await stillServes(proxy);
  });

  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n';
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  it.each([
    ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a list of lengths', `Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`],
    ['a signed length', `Content-Length: +5\r\n\r\nabcde`],
    ['length and chunks', `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`],
    ['another coding', `Transfer-Encoding: gzip, chunked\r\n\r\n${chunk}`],
    ['chunks twice', `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`],
    ['a disguised coding', `Transfer-Encoding:\x0bchunked\r\n\r\n${chunk}`],
    ['two hosts', `Host: evil.test\r\n\r\n`],
    ['a folded header', `X-A: 1\r\n Host: evil.test\r\n\r\n`],
    ['a bare line feed', `X-A: 1\nHost: evil.test\r\n\r\n`],
    ['a space before the colon', `Host : evil.test\r\n\r\n`],
  ])('cannot smuggle with %s', async (_, rest) => {
    const proxy = await world.openProxy();
    const answer = await sendRaw(proxy, `POST http://ok.test:${world.plainPort}/ HTTP/1.1\r\nHost: ok.test:${world.plainPort}\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(world.requests).toEqual([]);
    expect(last()?.refusal).toBe('bad_request');
    await stillServes(proxy);
  });

  it('cannot smuggle in a body that no method expects', async () => {
    const proxy = await world.openProxy();
    const head = `GET http://ok.test:${world.plainPort}/get HTTP/1.1\r\nHost: ok.test:${world.plainPort}\r\nConnection: close\r\n`;
    expect(await sendRaw(proxy, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`)).toContain('served /get');
    expect(await sendRaw(proxy, `${head}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`)).toContain('served /get');
    expect(world.requests.map(({ line, body }) => [line, body])).toEqual([
      ['GET /get', smuggled],
      ['GET /get', smuggled],
    ]);
  });

  it.each(['/x\r\nHost:%20evil', '/x y', '/x\ty', '/é', '/x#y'])('cannot write %j in a URL', async (path) => {
    const proxy = await world.openProxy();
    expect(await sendRaw(proxy, get(`ok.test:${world.plainPort}`, path))).toMatch(/^HTTP\/1\.1 40[03]/);
    expect(world.requests).toEqual([]);
    await stillServes(proxy);
  });

  it('cannot give CONNECT a body, or another Host', async () => {
    const proxy = await world.openProxy();
    const ask = (header: string) => sendRaw(proxy, `CONNECT ok.test:${world.canaryPort} HTTP/1.1\r\n${header}\r\n\r\n`);
    expect(await ask('Content-Length: 5')).toMatch(/^HTTP\/1\.1 400/);
    expect(await ask('Transfer-Encoding: chunked')).toMatch(/^HTTP\/1\.1 400/);
    expect(await ask('Host: evil.test')).toContain('host_mismatch');
    await stillServes(proxy);
  });
});

describe('bounds', () => {
  it('cuts slow heads and slow hellos', async () => {
    const proxy = await world.openProxy();
    const began = performance.now();
    const silent = sendRaw(proxy, '');
    const slow = sendRaw(proxy, 'GET http://ok.test');
    const { socket } = await openTunnel(proxy, `ok.test:${world.canaryPort}`);
    const hello = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    socket.resume().write(Buffer.from([22, 3, 1]));
    const inside = await openTunnel(proxy, `ok.test:${world.plainPort}`);
    const head = new Promise((resolve) => inside.socket.once('close', resolve).on('error', () => undefined));
    inside.socket.resume().write('GET / HT');
    await stillServes(proxy);
    await Promise.all([silent, slow, hello, head]);
    expect(performance.now() - began).toBeLessThan(4500);
  });

  it('refuses giant heads', async () => {
    const proxy = await world.openProxy();
    const giant = `GET http://ok.test:${world.plainPort}/ HTTP/1.1\r\nHost: ok.test:${world.plainPort}\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`;
    expect(await sendRaw(proxy, giant)).toMatch(/^(HTTP\/1\.1 400|$)/);
    expect(world.requests).toEqual([]);
    await stillServes(proxy);
  });

  it('takes so many attempts and no more, and tells of them once', async () => {
    const proxy = await world.openProxy();
    for (let count = 0; count < 55; count += 1) await sendRaw(proxy, get('evil.test'));
    expect(world.events).toHaveLength(51);
    expect(last()?.refusal).toBe('too_many');
    expect(await sendRaw(proxy, get(`ok.test:${world.plainPort}`))).toMatch(/^HTTP\/1\.1 429/);
  });

  it('takes so many connections at a time', async () => {
    const proxy = await world.openProxy();
    const held = Array.from({ length: 30 }, async () => await sendRaw(proxy, 'GET '));
    const ended = await Promise.race([Promise.all(held.slice(20)), new Promise((resolve) => setTimeout(resolve, 800, 'none'))]);
    expect(ended).not.toBe('none');
    await Promise.all(held);
    await stillServes(proxy);
  });

  it('cuts everything and tells of it when it stops', async () => {
    const proxy = await world.openProxy();
    const { socket } = await openTunnel(proxy, `ok.test:${world.securePort}`);
    const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => undefined));
    socket.resume().write(await makeClientHello('ok.test'));
    await expect.poll(() => world.dialed.length).toBe(1);
    await world.egress.stop();
    await closed;
    expect(last()).toMatchObject({ host: 'ok.test', address: publicAddress });
    await expect(world.openProxy()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('opens no proxy for what names no host', async () => {
    await expect(world.openProxy(['127.0.0.1'])).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
