import { AppError } from '../../../shared/errors.ts';
import { normaliseHost, type Authority } from './host-name.ts';

export interface DomainPattern {
  readonly host: string;
  /** Whether every name below `host` is meant, and not `host` itself. */
  readonly isBelow: boolean;
  readonly ports: readonly number[];
}

const defaultPorts = [443, 80];

/** Reads `host`, `*.host`, each with an optional `:port` (default 443 and 80). Errors: `invalid_input` for anything else, addresses included. */
export const readDomainPattern = (text: string): DomainPattern => {
  const parts = /^(\*\.)?([^:*]+)(?::([0-9]{1,5}))?$/.exec(text);
  const host = normaliseHost(parts?.[2] ?? '');
  const ports = parts?.[3] === undefined ? defaultPorts : [Number(parts[3])];
  if (host === null || ports.some((port) => port < 1 || port > 65_535))
    throw new AppError(
      'invalid_input',
      `${JSON.stringify(text)} names no host: write a host name or *.host, with an optional :port; no address`,
    );
  return { host, isBelow: parts?.[1] !== undefined, ports };
};

/** Whether a pattern covers this host, whose name is in its one spelling, at this port. */
export const isListed = (patterns: readonly DomainPattern[], { host, port }: Authority): boolean =>
  patterns.some((pattern) => pattern.ports.includes(port) && (pattern.isBelow ? host.endsWith(`.${pattern.host}`) : host === pattern.host));
