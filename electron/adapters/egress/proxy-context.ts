import type { DomainPattern } from '../../core/egress/domain-patterns.ts';
import type { EgressGate } from '../../core/egress/egress-gate.ts';
import type { Attempts } from './attempts.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { Upstreams } from './upstreams.ts';

/** Bounds of what a command may send and how long it may take (THREATS rule 20). Times in milliseconds. */
export interface EgressLimits {
  /** For a request's head, for the first bytes inside a tunnel, and for shaking hands. */
  readonly headMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** For a name, and for a connection. */
  readonly dialMs: number;
  /** Bytes of a request's head. */
  readonly headBytes: number;
  /** At a time, of one command; in, and as many out. */
  readonly connections: number;
  /** In all, of one command. */
  readonly attempts: number;
}

export const defaultEgressLimits: EgressLimits = {
  headMs: 10_000,
  idleMs: 300_000,
  dialMs: 15_000,
  headBytes: 32_768,
  connections: 128,
  attempts: 10_000,
};

/** Whose TLS is opened for one command, and how. */
export interface Interception {
  readonly patterns: readonly DomainPattern[];
  readonly authority: CertificateAuthority;
  /** What servers are verified by, as PEM. */
  readonly roots: string;
}

/** What every connection of one command's proxy works with. */
export interface ProxyContext {
  readonly gate: EgressGate;
  readonly upstreams: Upstreams;
  readonly domains: readonly DomainPattern[];
  /** Null: no TLS is opened. */
  readonly interception: Interception | null;
  readonly attempts: Attempts;
  readonly limits: EgressLimits;
  /** Aborted when the proxy closes. */
  readonly signal: AbortSignal;
}
