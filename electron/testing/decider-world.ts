import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSystemDialer } from '../adapters/egress/system-dialer.ts';
import { createHttpPoster } from '../adapters/webhook/http-poster.ts';
import { createDeciderConfig, type DeciderConfig } from '../core/approvals/decider-config.ts';
import { createDeciderEvents } from '../core/approvals/decider-events.ts';
import { createDeciders, type Deciders } from '../core/approvals/deciders.ts';
import { createShownRequests, type ShownRequests } from '../core/approvals/shown-requests.ts';
import { createEgressGate } from '../core/egress/egress-gate.ts';
import type { Egress } from '../core/ports/egress.ts';
import type { HttpPoster } from '../core/ports/http-poster.ts';
import type { ReadSecret, SecretSource } from '../core/ports/secret-source.ts';
import { Settings } from '../../shared/domain/settings.ts';
import { okTestCertificate, okTestKey } from './fixtures/ok-test-certificate.ts';
import { createPipelineHarness, type PipelineHarness } from './pipeline-harness.ts';

/** A request as a server got it. */
export interface Captured {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface CaptureServer {
  readonly url: string;
  readonly port: number;
  readonly captured: Captured[];
  connections(): number;
  /** From now on. */
  answer(next: (request: Captured, response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** A real server on loopback; with TLS it is localhost with a certificate for ok.test. */
export async function startCaptureServer(isSecure = false): Promise<CaptureServer> {
  const captured: Captured[] = [];
  let count = 0;
  let answer: (request: Captured, response: ServerResponse) => void = (_, response) => answerJson(response, { approved: true });
  const serve = (incoming: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body };
      captured.push(request);
      answer(request, response);
    });
  };
  const server: Server = isSecure ? createSecureServer({ key: okTestKey, cert: okTestCertificate }, serve) : createServer(serve);
  server.on('connection', () => (count += 1));
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  return {
    url: `${isSecure ? 'https://ok.test' : 'http://127.0.0.1'}:${port.toString()}/approve`,
    port,
    captured,
    connections: () => count,
    answer(next) {
      answer = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function answerJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Connects as the product does, with a resolver of a few names. */
export function loopbackConnect(ownPorts: readonly number[] = []): Pick<Egress, 'connect'> {
  const system = createSystemDialer();
  const gate = createEgressGate({
    dialer: {
      resolve: (host) => Promise.resolve(['ok.test', 'evil.test', 'localhost'].includes(host) ? [Uint8Array.of(127, 0, 0, 1)] : []),
      dial: async (address, signal) => await system.dial(address, signal),
    },
    ownPorts: () => ownPorts,
    ownAddresses: () => [],
    privateHosts: () => [],
    timeLimitMs: 5000,
  });
  return {
    async connect(service, signal) {
      const checked = await gate.checkService(service, signal);
      return checked.kind === 'target' ? await gate.dial(checked.target, signal) : checked;
    },
  };
}

export const testSecret = 'a-secret-of-the-test-that-signs';

export interface DeciderWorld {
  readonly harness: PipelineHarness;
  readonly deciders: Deciders;
  readonly config: DeciderConfig;
  readonly shown: ShownRequests;
  readonly poster: HttpPoster;
  /** What `env:NAME` and paths hold. */
  readonly secrets: Map<string, string>;
  configure(settings: { readonly approvals?: object; readonly deciders?: object }): void;
  close(): Promise<void>;
}

/** Pipeline, broker and deciders, real, over real connections; the clock and the store are the harness’s. */
export async function createDeciderWorld(
  options: { readonly harness?: PipelineHarness; readonly services?: string } = {},
): Promise<DeciderWorld> {
  const harness = options.harness ?? (await createPipelineHarness());
  const secrets = new Map([['own', testSecret]]);
  let settings = Settings.parse({});
  const source: Pick<SecretSource, 'read' | 'certificates'> = {
    read: (reference) => Promise.resolve(found(secrets.get(reference))),
    certificates: (path) => Promise.resolve(found(secrets.get(path))),
  };
  const base = options.services ?? 'http://127.0.0.1:9';
  const config = createDeciderConfig({
    settings: () => settings,
    secrets: source,
    ownSecretFile: 'own',
    services: { slack: `${base}/`, discord: `${base}/api`, pagerduty: `${base}/pager`, reach: 'private' },
  });
  const shown = createShownRequests();
  const poster = createHttpPoster(loopbackConnect());
  const deciders = createDeciders({
    broker: harness.broker,
    config,
    shown,
    poster,
    clock: harness.clock,
    events: createDeciderEvents({ store: harness.store, bus: harness.deps.bus }),
    settings: () => settings,
    origin: () => ({ user: 'owner@example.test', gatewayId: 'gateway-001' }),
    targetMetadata: (target) => (target === 'local' ? { environment: 'test' } : {}),
    callbacksUrl: () => null,
    aliases: () => [],
    onError: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  deciders.start();
  return {
    harness,
    deciders,
    config,
    shown,
    poster,
    secrets,
    configure(next) {
      settings = Settings.parse(next);
      const { enabled, mode } = settings.approvals;
      harness.decideBy({ isEnabled: enabled, mode, hasOutside: settings.deciders.webhook.url !== '' });
    },
    close: async () => await deciders.stop(),
  };
}

function found(value: string | undefined): ReadSecret {
  return value === undefined ? { ok: false, why: 'it does not exist' } : { ok: true, value };
}
