import { z } from 'zod';

/** A host name (`registry.example.com`) or all below one (`*.example.com`), with an optional port (default 443 and 80). */
export const EgressPattern = z
  .string()
  .max(260)
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$/,
    'use a host name in lower case, or *.host, with an optional :port',
  );

/** The parts of a pattern, as they are written. */
export interface PatternParts {
  readonly host: string;
  /** Whether every name below `host` is meant, and not `host` itself. */
  readonly isBelow: boolean;
  readonly ports: readonly number[];
}

const defaultPorts = [443, 80];

/** Takes a pattern apart. `host` is empty for what is none. */
export const splitPattern = (text: string): PatternParts => {
  const parts = /^(\*\.)?([^:*]+)(?::([0-9]{1,5}))?$/.exec(text);
  const ports = parts?.[3] === undefined ? defaultPorts : [Number(parts[3])];
  return { host: parts?.[2] ?? '', isBelow: parts?.[1] !== undefined, ports };
};

/** Whether one pattern covers every name of another. */
const coversNames = (outer: PatternParts, inner: PatternParts): boolean => {
  if (outer.host === inner.host) return outer.isBelow === inner.isBelow;
  return outer.isBelow && inner.host.endsWith(`.${outer.host}`);
};

/** Whether all that a pattern names, each port of it, is named by one of these. Both are spelled as `EgressPattern` demands. */
export const isWithinPatterns = (pattern: string, patterns: readonly string[]): boolean => {
  const inner = splitPattern(pattern);
  const covering = patterns.map(splitPattern).filter((outer) => coversNames(outer, inner));
  return inner.ports.every((port) => covering.some(({ ports }) => ports.includes(port)));
};
