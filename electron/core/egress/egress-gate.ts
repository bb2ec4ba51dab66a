import type { Dialer, DialedStream, EgressRefusal, NamedService, PinnedAddress } from '../ports/egress.ts';
import { readAddress, writeAddress } from './address.ts';
import { isLoopback, isSameAddress, judgeAddress } from './address-policy.ts';
import { isListed, readDomainPattern, type DomainPattern } from './domain-patterns.ts';
import type { Authority } from './host-name.ts';

/** A place that may be dialled, with the addresses that were judged. */
export interface EgressTarget extends Authority {
  readonly addresses: readonly PinnedAddress[];
}

export interface Refused {
  readonly kind: 'refused';
  readonly refusal: EgressRefusal;
}

export interface EgressGateDeps {
  readonly dialer: Dialer;
  /** Ports that the gateway itself listens on; refused at any address. */
  readonly ownPorts: () => readonly number[];
  /** Addresses of this machine's interfaces: a public one leads to loopback's services, too. */
  readonly ownAddresses: () => readonly Uint8Array[];
  /** Hosts (same patterns) that the operator says may have local addresses. */
  readonly privateHosts: () => readonly string[];
  /** Milliseconds for a name, and for a connection. */
  readonly timeLimitMs: number;
}

export interface EgressGate {
  /** The same for a service of the operator's own naming: resolves once, and judges every address. */
  checkService(service: NamedService, signal: AbortSignal): Promise<{ kind: 'target'; target: EgressTarget } | Refused>;
  /** Decides by name and port, resolves once, and judges every address. */
  check(
    authority: Authority,
    domains: readonly DomainPattern[],
    signal: AbortSignal,
  ): Promise<{ kind: 'target'; target: EgressTarget } | Refused>;
  /** Dials what was checked, one address after the other, and resolves nothing. */
  dial(target: EgressTarget, signal: AbortSignal): Promise<{ kind: 'open'; stream: DialedStream; address: PinnedAddress } | Refused>;
}

const refused = (refusal: EgressRefusal): Refused => ({ kind: 'refused', refusal });

/** Addresses that are tried for one name. */
const mostAddresses = 16;

/** Decides what may be reached (THREATS rule 13). Everything that goes out asks here. */
export const createEgressGate = ({ dialer, ownPorts, ownAddresses, privateHosts, timeLimitMs }: EgressGateDeps): EgressGate => {
  const within = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);

  const mayDial = (bytes: Uint8Array, isPrivateHost: boolean): boolean => {
    const kind = judgeAddress(bytes);
    const isLocal = kind === 'local' || ownAddresses().some((own) => isSameAddress(own, bytes));
    return kind !== 'never' && (!isLocal || isPrivateHost);
  };

  const pinned = (authority: Authority, found: readonly Uint8Array[]): { kind: 'target'; target: EgressTarget } => ({
    kind: 'target',
    target: {
      ...authority,
      addresses: found.slice(0, mostAddresses).map((bytes) => ({ bytes, text: writeAddress(bytes), port: authority.port })),
    },
  });

  return {
    async checkService({ reach, ...authority }, signal) {
      if (ownPorts().includes(authority.port)) return refused('own_port');
      const literal = readAddress(authority.host);
      const found = literal === null ? await dialer.resolve(authority.host, within(signal)).catch(() => []) : [literal];
      if (found.length === 0) return refused('unresolvable');
      const mayBe = (bytes: Uint8Array): boolean => (reach === 'loopback' ? isLoopback(bytes) : mayDial(bytes, reach === 'private'));
      return found.every(mayBe) ? pinned(authority, found) : refused('private_address');
    },
    async check(authority, domains, signal) {
      // SECURITY: the gateway's own ports are out of reach whatever the name and the address (rules 13, 18).
      if (ownPorts().includes(authority.port)) return refused('own_port');
      if (!isListed(domains, authority)) return refused('not_listed');
      const isPrivateHost = isListed(privateHosts().map(readDomainPattern), authority);
      const found = await dialer.resolve(authority.host, within(signal)).catch(() => []);
      if (found.length === 0) return refused('unresolvable');
      // SECURITY: one address that must not be dialled refuses the name: a mixed answer is an attack or a mistake.
      if (!found.every((bytes) => mayDial(bytes, isPrivateHost))) return refused('private_address');
      return pinned(authority, found);
    },
    async dial({ addresses }, signal) {
      const limited = within(signal);
      for (const address of addresses) {
        const stream = await dialer.dial(address, limited).catch(() => null);
        if (stream !== null) return { kind: 'open', stream, address };
        if (limited.aborted) break;
      }
      return refused('unreachable');
    },
  };
};
