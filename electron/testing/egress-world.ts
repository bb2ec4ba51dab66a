import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecure } from 'node:tls';
import { createEgress } from '../adapters/egress/egress.ts';
import type { EgressLimits } from '../adapters/egress/proxy-context.ts';
import { createSystemDialer } from '../adapters/egress/system-dialer.ts';
import { readAddress } from '../core/egress/address.ts';
import type { Dialer, Egress, EgressEvent, NewCertificateAuthority, PinnedAddress } from '../core/ports/egress.ts';
import { okTestCertificate, okTestKey } from './fixtures/ok-test-certificate.ts';

/** A public address that the fake dialer takes to this machine's loopback, so that tests reach nothing else. */
export const publicAddress = '93.184.215.14';

export interface EgressWorld {
  readonly egress: Egress;
  readonly events: EgressEvent[];
  /** Certificate authorities that were made. */
  readonly authorities: NewCertificateAuthority[];
  /** What names answer, one answer for each question, the last one for good. */
  readonly names: Map<string, string[][]>;
  readonly resolved: string[];
  readonly dialed: PinnedAddress[];
  /** A web server that allowed names lead to, in plain and with TLS. */
  readonly plainPort: number;
  readonly securePort: number;
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers']; readonly raw: string[]; body: string }[];
  /** A listener that nobody may reach. */
  readonly canaryPort: number;
  canaryHits(): number;
  ownPorts: number[];
  privateHosts: string[];
  /** What servers are verified by when TLS is opened. */
  roots: string;
  openProxy(domains?: readonly string[]): Promise<string>;
  /** One that opens the TLS of these; its socket and what the command must trust. */
  openIntercepting(intercept?: readonly string[], domains?: readonly string[]): Promise<{ readonly proxy: string; readonly trust: string }>;
  close(): Promise<void>;
}

const listen = async (server: Server): Promise<number> =>
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** Real servers on loopback, a real proxy, and a resolver that says what the test wants. */
export const openEgressWorld = async (limits: Partial<EgressLimits> = {}): Promise<EgressWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'egress-test-'));
  const requests: EgressWorld['requests'] = [];
  const serve = (
    incoming: IncomingMessage,
    response: { end(text: string): void; writeHead(status: number, headers?: object): unknown },
  ): void => {
    const entry = { line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, raw: incoming.rawHeaders, body: '' };
    requests.push(entry);
    incoming.setEncoding('utf8').on('data', (chunk: string) => (entry.body += chunk));
    incoming.on('end', () => {
      if (incoming.url === '/away') response.writeHead(302, { location: 'http://inside.test/' });
      response.end(`served ${incoming.url}`);
    });
  };
  let hits = 0;
  const plain = createServer(serve);
  const secure = createSecureServer({ key: okTestKey, cert: okTestCertificate }, serve);
  const canary = createServer((_, response) => response.end('canary'));
  canary.on('connection', () => (hits += 1));
  const servers = [plain, secure, canary];
  const [plainPort = 0, securePort = 0, canaryPort = 0] = await Promise.all(servers.map(listen));

  const names: EgressWorld['names'] = new Map([['ok.test', [[publicAddress]]]]);
  const [resolved, dialed]: [string[], PinnedAddress[]] = [[], []];
  const system = createSystemDialer();
  const dialer: Dialer = {
    async resolve(host) {
      resolved.push(host);
      const answers = names.get(host) ?? [];
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
      return answer.map((text) => readAddress(text) ?? new Uint8Array());
    },
    async dial(address, signal) {
      dialed.push(address);
      return await system.dial({ ...address, text: address.text === publicAddress ? '127.0.0.1' : address.text }, signal);
    },
  };
  const listed = [`ok.test:${plainPort}`, `ok.test:${securePort}`, `ok.test:${canaryPort}`];
  const events: EgressEvent[] = [];
  const authorities: NewCertificateAuthority[] = [];
  const egress = createEgress({
    dialer,
    folder: join(folder, 'egress'),
    ownPorts: () => world.ownPorts,
    privateHosts: () => world.privateHosts,
    ownAddresses: () => [],
    roots: () => Promise.resolve(world.roots),
    onAuthority: (authority) => Promise.resolve(void authorities.push(authority)),
    limits,
  });
  await egress.start();
  const world: EgressWorld = {
    egress,
    events,
    authorities,
    names,
    resolved,
    dialed,
    plainPort,
    securePort,
    requests,
    canaryPort,
    canaryHits: () => hits,
    ownPorts: [],
    privateHosts: [],
    roots: okTestCertificate,
    async openProxy(domains = listed) {
      const { socketPath } = await egress.openProxy({ domains, onEvent: (event) => events.push(event) });
      return socketPath;
    },
    async openIntercepting(intercept = [`ok.test:${securePort}`], domains = listed) {
      const { socketPath, trust } = await egress.openProxy({ domains, intercept, onEvent: (event) => events.push(event) });
      return { proxy: socketPath, trust: trust ?? '' };
    },
    async close() {
      await egress.stop();
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
};

/** Writes these bytes to a proxy and reads to the end. */
export const sendRaw = async (socketPath: string, bytes: string | Buffer, limitMs = 5000): Promise<string> =>
  await new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => socket.write(bytes));
    const timer = setTimeout(() => reject(new Error(`no end; so far: ${text}`)), limitMs);
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });

/** Asks for a tunnel; the status, and the socket when there is one. */
export const openTunnel = async (socketPath: string, authority: string): Promise<{ status: number; refusal: unknown; socket: Socket }> =>
  await new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'CONNECT', path: authority, headers: { host: authority }, agent: false });
    asked.once('connect', (answer, socket: Socket) =>
      resolve({ status: answer.statusCode ?? 0, refusal: answer.headers['x-gatehouse-refusal'], socket }),
    );
    asked.once('error', reject);
    asked.end();
  });

export interface SecureClient {
  readonly servername: string;
  /** PEM; default: that of the servers here. */
  readonly ca?: string;
  readonly protocols?: readonly string[];
}

/** TLS through a tunnel: writes these bytes and reads to the end. `peer` is who signed the server's certificate. */
export const sendSecurely = async (
  socketPath: string,
  authority: string,
  bytes: string | Buffer,
  { servername, ca = okTestCertificate, protocols = [] }: SecureClient,
): Promise<{ readonly text: string; readonly issuer: string | null; readonly protocol: string | false | null }> => {
  const { status, refusal, socket } = await openTunnel(socketPath, authority);
  if (status !== 200) return { text: `refused: ${String(refusal)}`, issuer: null, protocol: null };
  return await new Promise((resolve) => {
    let [text, issuer, protocol]: [string, string | null, string | false | null] = ['', null, null];
    const secure = connectSecure({ socket, servername, ca, ALPNProtocols: [...protocols] });
    secure.on('secureConnect', () => {
      issuer = String(secure.getPeerCertificate().issuer.CN);
      protocol = secure.alpnProtocol;
      secure.write(bytes);
    });
    secure.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    secure.on('error', (error: Error) => (text ||= `cut: ${error.message}`));
    secure.once('close', () => resolve({ text, issuer, protocol }));
  });
};

/** An HTTPS request through a tunnel; the answer, or what went wrong. */
export const getSecurely = async (socketPath: string, authority: string, servername: string, path = '/'): Promise<string> =>
  (await sendSecurely(socketPath, authority, `GET ${path} HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`, { servername }))
    .text;
