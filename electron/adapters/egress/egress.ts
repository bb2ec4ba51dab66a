import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, unlink } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { readAddress } from '../../core/egress/address.ts';
import { readDomainPattern } from '../../core/egress/domain-patterns.ts';
import { createEgressGate } from '../../core/egress/egress-gate.ts';
import type { Dialer, Egress, EgressOptions, EgressProxy, NewCertificateAuthority } from '../../core/ports/egress.ts';
import { createAttempts } from './attempts.ts';
import { createCertificateAuthorities } from './certificate-authorities.ts';
import { defaultEgressLimits, type EgressLimits, type Interception } from './proxy-context.ts';
import { createProxyServer } from './proxy.ts';
import { readSystemRoots } from './system-roots.ts';
import { createUpstreams } from './upstreams.ts';

export interface EgressDeps {
  readonly dialer: Dialer;
  /** The gateway's own folder for the proxies' sockets, made when it is absent; a temporary one is used where its path is too long for a socket. */
  readonly folder: string;
  /** Ports that the gateway listens on. */
  readonly ownPorts: () => readonly number[];
  /** Hosts that may have addresses of this machine or its network, as the operator says; the same patterns as domains. */
  readonly privateHosts: () => readonly string[];
  /** Of this machine; the default asks the system. */
  readonly ownAddresses?: () => readonly Uint8Array[];
  /** What servers are verified by whose TLS is opened, as PEM; the default asks the system. */
  readonly roots?: () => Promise<string>;
  /** Of each certificate authority that is made for interception, before it vouches for anything. */
  readonly onAuthority: (authority: NewCertificateAuthority) => Promise<void>;
  readonly limits?: Partial<EgressLimits>;
}

/** Bytes that a socket's path may have on Linux. */
const longestSocketPath = 107;
const nameLength = '/0123456789abcdef.sock'.length;

/** Addresses of this machine's interfaces. */
const interfaceAddresses = (): readonly Uint8Array[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .flatMap(({ address }) => readAddress(address) ?? []);

/** The `Egress` port: forward proxies on Unix sockets, one for each command. */
export const createEgress = (deps: EgressDeps): Egress => {
  const limits = { ...defaultEgressLimits, ...deps.limits };
  const gate = createEgressGate({ ...deps, ownAddresses: deps.ownAddresses ?? interfaceAddresses, timeLimitMs: limits.dialMs });
  const proxies = new Set<EgressProxy>();
  const authorities = createCertificateAuthorities({ onCreated: deps.onAuthority });
  const readRoots = deps.roots ?? readSystemRoots;
  let folder: string | null = null;

  const prepareInterception = async (intercept: readonly string[]): Promise<Interception | null> => {
    const patterns = intercept.map(readDomainPattern);
    if (patterns.length === 0) return null;
    const [roots, authority] = await Promise.all([readRoots(), authorities.for(patterns)]);
    return { patterns, authority, roots };
  };

  const openProxy = async ({ domains, intercept = [], onEvent }: EgressOptions): Promise<EgressProxy> => {
    const patterns = domains.map(readDomainPattern);
    const interception = await prepareInterception(intercept);
    if (folder === null) throw new AppError('unavailable', 'the egress proxy is not running, so commands have no network');
    const socketPath = join(folder, `${randomBytes(8).toString('hex')}.sock`);
    const closing = new AbortController();
    const attempts = createAttempts(onEvent, limits.attempts);
    const server = createProxyServer({
      gate,
      upstreams: createUpstreams(gate, limits.connections),
      domains: patterns,
      interception,
      attempts,
      limits,
      signal: closing.signal,
    });
    const sockets = new Set<{ destroy(): void }>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(socketPath, resolve);
    });
    await chmod(socketPath, 0o600);
    const proxy: EgressProxy = {
      socketPath,
      trust: interception === null ? null : `${interception.roots.trimEnd()}\n${interception.authority.certificate}`,
      async close() {
        if (!proxies.delete(proxy)) return;
        closing.abort();
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await closed;
        attempts.finish();
        await unlink(socketPath).catch(() => undefined);
      },
    };
    proxies.add(proxy);
    return proxy;
  };

  return {
    async start() {
      folder = await openFolder(deps.folder);
    },
    openProxy,
    async connect(service, signal) {
      const checked = await gate.checkService(service, signal);
      return checked.kind === 'target' ? await gate.dial(checked.target, signal) : checked;
    },
    async stop() {
      await Promise.all([...proxies].map(async (proxy) => await proxy.close()));
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      folder = null;
    },
  };
};

/** A folder that only we can enter, without sockets of an earlier run. */
const openFolder = async (wanted: string): Promise<string> => {
  if (Buffer.byteLength(wanted) + nameLength > longestSocketPath) return await mkdtemp(join(tmpdir(), 'gatehouse-egress-'));
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  const found = await lstat(wanted);
  // SECURITY: whoever owns the folder, or can write to it, could put a socket of theirs in the place of ours.
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new AppError('unavailable', `${wanted} is not a folder of ours, so the egress proxy does not start; remove it`);
  await chmod(wanted, 0o700);
  for (const name of await readdir(wanted)) if (name.endsWith('.sock')) await unlink(join(wanted, name));
  return wanted;
};
