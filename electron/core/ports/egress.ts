import type { Duplex } from 'node:stream';

/** An address as it is dialled: 4 or 16 bytes, never text that somebody else parses again. */
export interface PinnedAddress {
  readonly bytes: Uint8Array;
  /** Of the same bytes, for the log and for the system call. */
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
  | 'bad_request'
  | 'too_many'
  /** The certificate of the host itself could not be verified. */
  | 'bad_certificate'
  /** The command did not finish the handshake, or sent nothing after it: most likely it does not take our certificate. */
  | 'not_trusted'
  | 'upgrade';

/** A request as far as the log holds it: of its path only the length, for paths and queries carry secrets. */
export interface EgressRequest {
  readonly method: string;
  /** Characters up to the query. */
  readonly pathLength: number;
}

/** What was tried and what became of it. Names are as the command gave them, shortened, and untrusted. */
export interface EgressEvent {
  readonly host: string;
  readonly port: number;
  /** What was dialled; null: nothing was. */
  readonly address: string | null;
  readonly refusal: EgressRefusal | null;
  /** Whether we opened the TLS. */
  readonly intercepted: boolean;
  /** Null where requests are not seen: a tunnel that stays shut, or what is no request. */
  readonly request: EgressRequest | null;
  /** What went out to the address and came back, everything included. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A connection that counts. */
export interface DialedStream extends Duplex {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Resolves and dials; decides nothing. */
export interface Dialer {
  /** Every address of a name. Errors: `not_found`, `unavailable`. */
  resolve(host: string, signal: AbortSignal): Promise<readonly Uint8Array[]>;
  /** Connects to exactly these bytes. Errors: `unavailable`. */
  dial(address: PinnedAddress, signal: AbortSignal): Promise<DialedStream>;
}

/** What one command may reach, and who is told of each attempt. */
export interface EgressOptions {
  /** Host names and `*.host`, each with an optional port (default 443 and 80). */
  readonly domains: readonly string[];
  /** The same patterns: whose TLS is opened, so that requests are compared. What `domains` does not list stays out of reach. Default: none. */
  readonly intercept?: readonly string[];
  readonly onEvent: (event: EgressEvent) => void;
}

/** A proxy for one sandboxed command: a Unix socket of the gateway's that only its bridge is told of. */
export interface EgressProxy {
  readonly socketPath: string;
  /** The certificates, as PEM, by which the command must judge servers; null: none of ours is among them, the system's own will do. */
  readonly trust: string | null;
  /** Cuts every connection; each one's event has been told when this resolves. */
  close(): Promise<void>;
}

/** A service that the operator named in the settings: a host name in its one spelling, or an address. */
export interface NamedService {
  readonly host: string;
  readonly port: number;
  /** `public`: nowhere else. `private`: also this machine and its networks. `loopback`: this machine and nothing else. */
  readonly reach: 'public' | 'private' | 'loopback';
}

export type ServiceConnection =
  | { readonly kind: 'open'; readonly stream: DialedStream; readonly address: PinnedAddress }
  | { readonly kind: 'refused'; readonly refusal: EgressRefusal };

export interface Egress {
  start(): Promise<void>;
  /** Connects the gateway itself to a service: every address judged by its bytes, dialled as judged, never one of the gateway's own ports. */
  connect(service: NamedService, signal: AbortSignal): Promise<ServiceConnection>;
  /** Opens a proxy that lets through what `domains` names and nothing else. Errors: `invalid_input` for what names no host, `unavailable`. */
  openProxy(options: EgressOptions): Promise<EgressProxy>;
  stop(): Promise<void>;
}

/** Where a sandboxed command lives, as descriptors of ours. */
export interface BridgeOptions extends EgressOptions {
  /** The command's network namespace, with its loopback up. */
  readonly networkNamespace: number;
  /** The user namespace that owns it, or one above that which we made (a layer's). */
  readonly userNamespace: number;
}

/** A port on the 127.0.0.1 of a sandbox that leads to a proxy made for it. */
export interface OpenBridge extends Pick<EgressProxy, 'trust' | 'close'> {
  readonly port: number;
}

/** A way out of a network namespace that has none. */
export interface EgressBridge {
  /** Resolves once the port listens. Errors: `unavailable` with the fix, `invalid_input`. The descriptors may be closed after it. */
  open(options: BridgeOptions): Promise<OpenBridge>;
}

/** A certificate authority of ours, which lives as long as this process and whose key never leaves it. */
export interface NewCertificateAuthority {
  /** SHA-256 of the certificate, hex. */
  readonly fingerprint: string;
  /** The names that it can vouch for, and what is below them. */
  readonly hosts: readonly string[];
  readonly notAfter: Date;
}
