import { AppError } from '../../../shared/errors.ts';
import type { EgressGate } from '../../core/egress/egress-gate.ts';
import type { Authority } from '../../core/egress/host-name.ts';
import type { DialedStream, EgressEvent, EgressRefusal, PinnedAddress } from '../../core/ports/egress.ts';

/** Reaches hosts that a call names, by the rules of the egress gate. */
export interface GuardedDial {
  /** The addresses that may be used. Errors: `forbidden`, `not_found`, with the reason. */
  lookUp(host: string, signal: AbortSignal): Promise<readonly PinnedAddress[]>;
  /** A connection; `onEvent` is told of the attempt, once, when it has failed or closed. Errors as `check`, and `unavailable`. */
  open(
    authority: Authority,
    signal: AbortSignal,
    onEvent: (event: EgressEvent) => void,
  ): Promise<{ readonly stream: DialedStream; readonly address: PinnedAddress }>;
}

/** Stands for "any port" where a host is only looked up. */
const anyPort = 1;

export const createGuardedDial = (gate: EgressGate, nameGate: EgressGate): GuardedDial => {
  // What the call names is what it may reach: whether it may at all, policy and the operator have said. The gate judges the addresses.
  const only = ({ host, port }: Authority) => [{ host, isBelow: false, ports: [port] }];
  return {
    async lookUp(host, signal) {
      const authority = { host, port: anyPort };
      const checked = await nameGate.check(authority, only(authority), signal);
      if (checked.kind === 'target') return checked.target.addresses;
      throw refusalOf(host, host, checked.refusal);
    },
    async open(authority, signal, onEvent) {
      const { host, port } = authority;
      const tell = (address: string | null, refusal: EgressRefusal | null, stream?: DialedStream): void =>
        onEvent({
          host,
          port,
          address,
          refusal,
          intercepted: false,
          request: null,
          bytesUp: stream?.bytesWritten ?? 0,
          bytesDown: stream?.bytesRead ?? 0,
        });
      const checked = await gate.check(authority, only(authority), signal);
      const dialed = checked.kind === 'target' ? await gate.dial(checked.target, signal) : checked;
      if (dialed.kind === 'refused') {
        tell(null, dialed.refusal);
        throw refusalOf(host, `${host}:${port.toString()}`, dialed.refusal);
      }
      const { stream, address } = dialed;
      // What a peer does to its connection is no error of ours.
      stream.on('error', () => stream.destroy()).once('close', () => tell(address.text, null, stream));
      signal.addEventListener('abort', () => stream.destroy(), { once: true });
      return { stream, address };
    },
  };
};

const refusalOf = (host: string, place: string, refusal: EgressRefusal): AppError => {
  if (refusal === 'own_port') return new AppError('forbidden', `${place} is a port of the gateway itself and out of reach.`);
  if (refusal === 'private_address')
    return new AppError(
      'forbidden',
      `${place} leads to an address of this machine, its network or no public one. The operator can list the host in safety.private_hosts.`,
    );
  if (refusal === 'unresolvable') return new AppError('not_found', `${host} has no address.`);
  if (refusal === 'unreachable') return new AppError('unavailable', `${place} does not answer.`);
  return new AppError('forbidden', `${place} may not be reached (${refusal}).`);
};
