import type { DomainPattern } from '../../core/egress/domain-patterns.ts';
import type { NewCertificateAuthority } from '../../core/ports/egress.ts';
import type { CertificateAuthority } from './certificate-authority.ts';

/** The authorities of this run of the gateway: one for each set of hosts, made when it is first needed and forgotten with the process. */
export interface CertificateAuthorities {
  /** Resolves once it has been told of. */
  for(patterns: readonly DomainPattern[]): Promise<CertificateAuthority>;
}

export interface CertificateAuthoritiesDeps {
  /** Of each new one, before it is used. */
  readonly onCreated: (authority: NewCertificateAuthority) => Promise<void>;
  readonly now?: () => number;
}

const hour = 3_600_000;
/** Longer than the longest command that begins while it is handed out. */
const lastsMs = 48 * hour;
const freshMs = 12 * hour;
/** Sets of hosts: as many as there are profiles that open TLS. */
const mostKept = 64;

interface Kept {
  readonly authority: Promise<CertificateAuthority>;
  readonly at: number;
}

export const createCertificateAuthorities = ({ onCreated, now = Date.now }: CertificateAuthoritiesDeps): CertificateAuthorities => {
  const kept = new Map<string, Kept>();

  const make = async (hosts: readonly string[]): Promise<CertificateAuthority> => {
    // The library takes a while to load, and most gateways never need it.
    const { createCertificateAuthority } = await import('./certificate-authority.ts');
    const authority = await createCertificateAuthority(hosts, lastsMs, now());
    const { fingerprint, notAfter } = authority;
    await onCreated({ fingerprint, hosts, notAfter });
    return authority;
  };

  return {
    async for(patterns) {
      const hosts = [...new Set(patterns.map(({ host }) => host))].sort();
      const name = hosts.join(' ');
      const known = kept.get(name);
      if (known !== undefined && now() >= known.at && now() - known.at < freshMs) return await known.authority;
      const [oldest] = kept.keys();
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
      const made: Kept = { authority: make(hosts), at: now() };
      kept.set(name, made);
      made.authority.catch(() => {
        if (kept.get(name) === made) kept.delete(name);
      });
      return await made.authority;
    },
  };
};
