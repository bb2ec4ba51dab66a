import type { Duplex } from 'node:stream';

/** An address as it is dialled: 4 or 16 bytes, never text that somebody else parses again. */
export interface PinnedAddress {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly port: number;
}

export type EgressRefusal =
  | 'not_listed'
  | 'bad_name'
  | 'private_address'
  | 'own_port'
  | 'unresolvable'
  | 'unreachable'
  | 'sni_mismatch'
  | 'host_mismatch'
  | 'bad_request';

/** What was tried and what became of it; the log keeps each one. */
export interface EgressEvent {
  readonly host: string;
  readonly port: number;
  readonly address: string | null;
  readonly refusal: EgressRefusal | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Resolves and dials; decides nothing. */
export interface Dialer {
  /** Every address of a name. Errors: `not_found`, `unavailable`. */
  resolve(host: string, signal: AbortSignal): Promise<readonly PinnedAddress['bytes'][]>;
  /** Connects to exactly these bytes. Errors: `unavailable`. */
  dial(address: PinnedAddress, signal: AbortSignal): Promise<Duplex>;
}

/** A proxy for one sandboxed command: a Unix socket of the gateway's that only its bridge is told of. */
export interface EgressProxy {
  readonly socketPath: string;
  events(): readonly EgressEvent[];
  close(): Promise<void>;
}

export interface Egress {
  start(): Promise<void>;
  /** Opens a proxy that lets through what `domains` names and nothing else. */
  openProxy(options: { readonly domains: readonly string[]; readonly onEvent: (event: EgressEvent) => void }): Promise<EgressProxy>;
  stop(): Promise<void>;
}
