import type { PathInDocument } from '../yaml/yaml-document.ts';
import { compilePattern, type Matcher } from './pattern.ts';

/** `*.name` and `*` stand for hosts that are not known one by one. */
const isWide = (host: string) => host.startsWith('*');

interface HostPattern {
  readonly matches: Matcher;
  /** Null for `regex:`. */
  readonly glob: string | null;
}

/**
 * Compiles `hosts:`.
 * SECURITY: leave must cover every host that the call may reach, and none is never "every"; a reason to stop needs one. A host that stands for
 * many (`*.example.com`) is covered only by a glob that covers them all, and stops when one of them could be meant; what a regular expression says of
 * them cannot be known, so it covers none and may mean any.
 */
export function compileHosts(
  list: readonly string[],
  isAllow: boolean,
  home: string,
  refuse: (path: PathInDocument, message: string) => void,
): (hosts: readonly string[]) => boolean {
  const patterns = list.flatMap((pattern, at): HostPattern[] => {
    const wrong = complaint(pattern);
    const compiled = compilePattern(pattern, 'text', home);
    if (wrong !== null) refuse([at], wrong);
    else if (!compiled.ok) refuse([at], compiled.message);
    return compiled.ok ? [{ matches: compiled.matches, glob: pattern.startsWith('regex:') ? null : pattern }] : [];
  });
  const covers = (host: string) => patterns.some(({ matches, glob }) => (isWide(host) ? glob !== null && matches(host) : matches(host)));
  const means = (host: string) =>
    patterns.some(({ matches, glob }) => (isWide(host) ? glob === null || globsMeet(glob, host) : matches(host)));
  return (hosts) => (isAllow ? hosts.length > 0 && hosts.every(covers) : hosts.some(means));
}

/** What could match no host, so that a rule which denies would deny nothing. */
function complaint(pattern: string): string | null {
  if (pattern.startsWith('regex:')) return null;
  if (pattern !== pattern.toLowerCase()) return 'hosts are compared in lower case; write the pattern so';
  if (/[^\x21-\x7e]/.test(pattern)) return 'write the name as it goes over the network, in punycode (xn--…)';
  if (/[/@?#\\[\]]|:[0-9]*$/.test(pattern) && !/^[0-9a-f:.*]*::?[0-9a-f:.*]*$/.test(pattern))
    return 'only the host’s name or address: no scheme, port, user or path';
  return null;
}

/** Whether there is a text that both globs match. SECURITY: no backtracking: at most the product of their lengths. */
function globsMeet(one: string, other: string): boolean {
  const width = other.length;
  // below[to]: whether what remains of `one` after this place meets what remains of `other` from `to`.
  let below = new Array<boolean>(width + 2).fill(false);
  for (let at = one.length; at >= 0; at -= 1) {
    const row = new Array<boolean>(width + 2).fill(false);
    for (let to = width; to >= 0; to -= 1) {
      if (at === one.length && to === width) row[to] = true;
      else if (one[at] === '*') row[to] = below[to] === true || row[to + 1] === true;
      else if (other[to] === '*') row[to] = row[to + 1] === true || (at < one.length && below[to] === true);
      else row[to] = at < one.length && one[at] === other[to] && below[to + 1] === true;
    }
    below = row;
  }
  return below[0] === true;
}
