import { splitPattern, type PatternParts } from '../../../shared/domain/egress-pattern.ts';
import { AppError } from '../../../shared/errors.ts';
import { normaliseHost, type Authority } from './host-name.ts';

/** `host` is in its one spelling. */
export type DomainPattern = PatternParts;

/** Reads `host`, `*.host`, each with an optional `:port` (default 443 and 80). Errors: `invalid_input` for anything else, addresses included. */
export const readDomainPattern = (text: string): DomainPattern => {
  const { host: written, isBelow, ports } = splitPattern(text);
  const host = normaliseHost(written);
  if (host === null || ports.some((port) => port < 1 || port > 65_535))
    throw new AppError(
      'invalid_input',
      `${JSON.stringify(text)} names no host: write a host name or *.host, with an optional :port; no address`,
    );
  return { host, isBelow, ports };
};

/** Whether a pattern covers this host, whose name is in its one spelling, at this port. */
export const isListed = (patterns: readonly DomainPattern[], { host, port }: Authority): boolean =>
  patterns.some((pattern) => pattern.ports.includes(port) && (pattern.isBelow ? host.endsWith(`.${pattern.host}`) : host === pattern.host));
