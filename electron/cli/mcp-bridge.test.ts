import { createHash, createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBearer } from '../core/identity/bearer-token.ts';
import { closeNow, listenOnLoopback, readBody } from '../testing/agents/loopback.ts';
import { runMcpBridge } from './mcp-bridge.ts';
import { createProvenFetch } from './proven-fetch.ts';
import { readTokenFile } from './token-file.ts';

const { bearer, id } = createBearer();

/** A gateway as far as the bridge sees it: it knows the token's hash, and answers `echo` by SSE. */
const honest = async (req: IncomingMessage, res: ServerResponse, port: number): Promise<void> => {
  const body = JSON.parse((await readBody(req)) || '{}') as Record<string, unknown>;
  if (req.url === '/proof') {
    const key = createHash('sha256').update(bearer).digest();
    const proof = createHmac('sha256', key)
      .update(`gatehouse-proof-v1\n${port}\n${String(body['token_id'])}\n${String(body['nonce'])}`)
      .digest('hex');
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ proof }));
    return;
  }
  if (req.method !== 'POST') return void res.writeHead(req.method === 'GET' ? 405 : 200).end();
  if (body['id'] === undefined) return void res.writeHead(202).end();
  const answer = JSON.stringify({
    jsonrpc: '2.0',
    id: body['id'],
    result: { protocolVersion: '2025-11-25', method: body['method'], session: req.headers['mcp-session-id'] ?? null },
  });
  if (body['method'] === 'initialize') res.writeHead(200, { 'Content-Type': 'application/json', 'Mcp-Session-Id': 's1' }).end(answer);
  else if (body['method'] === 'cut') res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end();
  else if (body['method'] === 'refuse') res.writeHead(401).end('no');
  else res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`event: message\ndata: ${answer}\n\n`);
};

describe('the stdio bridge', () => {
  let servers: Server[];
  let seen: { url: string; authorization: string | undefined; port: number | undefined }[];
  beforeEach(() => {
    [servers, seen] = [[], []];
  });
  afterEach(async () => {
    for (const server of servers) await closeNow(server);
  });

  const serve = async (handle: (req: IncomingMessage, res: ServerResponse, port: number) => unknown): Promise<number> => {
    const server = createServer((req, res) => {
      seen.push({ url: req.url ?? '', authorization: req.headers.authorization, port: req.socket.remotePort });
      void handle(req, res, port);
    });
    servers.push(server);
    const port = await listenOnLoopback(server);
    return port;
  };

  const bridge = (port: number) => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const answers: Record<string, unknown>[] = [];
    let text = '';
    stdout.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      answers.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    });
    const done = runMcpBridge({
      mcpUrl: `http://127.0.0.1:${port}/mcp`,
      connection: createProvenFetch({ port, token: { id, bearer } }),
      stdin,
      stdout,
      note: () => undefined,
      signal: new AbortController().signal,
    });
    const say = (message: object): void => void stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const end = async (): Promise<void> => {
      stdin.end();
      await done;
    };
    return { say, answers, end };
  };

  it('passes messages on both ways, with session and version, each on a connection that proved itself', async () => {
    const port = await serve(honest);
    const { say, answers, end } = bridge(port);
    say({
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
    });
    // At once, as an agent may: the bridge holds it back until the session is known.
    say({ id: 'two', method: 'tools/list' });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    expect(answers[1]).toMatchObject({ id: 'two', result: { method: 'tools/list', session: 's1' } });
    await end();
    const carried = seen.filter(({ authorization }) => authorization !== undefined);
    expect(carried.length).toBeGreaterThan(1);
    for (const request of carried) {
      expect(request).toMatchObject({ url: '/mcp', authorization: `Bearer ${bearer}` });
      expect(seen.find(({ port: peer }) => peer === request.port)).toMatchObject({ url: '/proof', authorization: undefined });
    }
  });

  it('answers every request, also when the gateway does not', async () => {
    const { say, answers, end } = bridge(await serve(honest));
    say({ id: 1, method: 'refuse' });
    say({ id: 2, method: 'cut' });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    expect(answers.map((answer) => [answer['id'], 'error' in answer]).sort()).toEqual([
      [1, true],
      [2, true],
    ]);
    await end();
  });

  const impostors: readonly (readonly [string, (req: IncomingMessage, res: ServerResponse) => void])[] = [
    ['says yes', (_req, res) => void res.writeHead(200).end('{"proof":"yes"}')],
    ['makes a proof up', (_req, res) => void res.writeHead(200).end(JSON.stringify({ proof: 'a'.repeat(64) }))],
    ['answers nothing', (_req, res) => void res.writeHead(404).end()],
    ['redirects', (_req, res) => void res.writeHead(307, { Location: 'http://127.0.0.1:1/mcp' }).end()],
    ['asks for the token', (_req, res) => void res.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()],
  ];
  it.each(impostors)('tells its token to no program that %s', async (_what, handle) => {
    const port = await serve(handle);
    const connection = createProvenFetch({ port, token: { id, bearer } });
    await expect(connection.prove()).rejects.toMatchObject({ code: 'forbidden' });
    await expect(connection.fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', body: '{}' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(seen.length).toBeGreaterThan(1);
    for (const { url, authorization } of seen) expect([url, authorization]).toEqual(['/proof', undefined]);
  });

  it('is not fooled by a program that passes the challenge on to the real gateway', async () => {
    const real = await serve(honest);
    let heard = '';
    const relay = createTcpServer((socket) => {
      const onward = connect(real, '127.0.0.1');
      socket.on('data', (chunk) => (heard += chunk.toString()));
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => undefined);
    });
    const port = await new Promise<number>((resolve) =>
      relay.listen(0, '127.0.0.1', () => resolve((relay.address() as { port: number }).port)),
    );
    await expect(createProvenFetch({ port, token: { id, bearer } }).prove()).rejects.toMatchObject({ code: 'forbidden' });
    expect(heard).toContain('/proof');
    expect(heard).not.toContain(bearer);
    relay.close();
  });

  it('does not follow to a second connection when the proven one is gone', async () => {
    const port = await serve((req, res, at) => {
      res.shouldKeepAlive = false;
      return honest(req, res, at);
    });
    const connection = createProvenFetch({ port, token: { id, bearer } });
    await expect(connection.fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', body: '{"id":1}' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    for (const { authorization } of seen) expect(authorization).toBeUndefined();
  });

  it('sends the token to its own port only', async () => {
    const port = await serve(honest);
    await expect(createProvenFetch({ port, token: { id, bearer } }).fetch('http://127.0.0.1:1/mcp')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(createProvenFetch({ port: 1, token: { id, bearer } }).prove()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the token file', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'gatehouse-token-'));
    file = join(dir, 'token');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('F78: is read when it is 0600, as a token or as what token mint printed', () => {
    writeFileSync(file, `${bearer}\n`, { mode: 0o600 });
    expect(readTokenFile(file)).toEqual({ id, bearer });
    writeFileSync(file, JSON.stringify({ id, token: bearer, agent: 'x' }));
    expect(readTokenFile(file)).toEqual({ id, bearer });
  });

  it.each([0o644, 0o640, 0o604, 0o660])('F78: is refused with mode %o', (mode) => {
    writeFileSync(file, bearer);
    chmodSync(file, mode);
    expect(() => readTokenFile(file)).toThrow('0600');
  });

  it('is refused as a link, a folder, something else, or nothing', () => {
    expect(() => readTokenFile(file)).toThrow('cannot be read');
    writeFileSync(file, 'not a token', { mode: 0o600 });
    expect(() => readTokenFile(file)).toThrow('does not hold a token');
    symlinkSync(file, join(dir, 'link'));
    expect(() => readTokenFile(join(dir, 'link'))).toThrow('link');
    expect(() => readTokenFile(dir)).toThrow('0600');
  });
});
