import { RE2JS } from 're2js';

/** Answers for one value. Compiled once, when the file is loaded. */
export type Matcher = (value: string) => boolean;
export type PatternKind = 'text' | 'path';
export type CompiledPattern = { readonly ok: true; readonly matches: Matcher } | { readonly ok: false; readonly message: string };

const REGEX = 'regex:';

/**
 * One pattern of a rule.
 * - `regex:` hands the rest to RE2, which matches the whole value in linear time; `.` matches line ends too.
 * - text (tools, agents, targets, commands): `*` stands for any run of characters, also none; nothing else is special.
 * - path: `*` and `?` stay within one component, `**` stands for any number of components (`/a/**` is also `/a` itself); dotfiles are like others;
 *   `~/` is `home`; a lone `*` is any path.
 * Case counts everywhere.
 */
export function compilePattern(pattern: string, kind: PatternKind, home: string): CompiledPattern {
  if (pattern.startsWith(REGEX)) return compileRegex(pattern.slice(REGEX.length));
  if (kind === 'text' || pattern === '*') return { ok: true, matches: textGlob(pattern) };
  return pathGlob(pattern, home);
}

function compileRegex(source: string): CompiledPattern {
  if (source === '') return { ok: false, message: 'the regular expression is empty' };
  try {
    const compiled = RE2JS.compile(source, RE2JS.DOTALL);
    const prefix = literalPrefix(source);
    return { ok: true, matches: (value) => value.startsWith(prefix) && compiled.testExact(value) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    return { ok: false, message: `the regular expression is not one that RE2 knows: ${why.slice(0, 200)}` };
  }
}

/** What every match must start with, where that is plain to see; it spares most values the engine. */
function literalPrefix(source: string): string {
  if (source.includes('|')) return '';
  const run = /^[A-Za-z0-9 _/-]*/.exec(source)?.[0] ?? '';
  return /^[*+?{]/.test(source.slice(run.length)) ? run.slice(0, -1) : run;
}

/** SECURITY: no backtracking: each piece is looked for once, from left to right. */
function textGlob(pattern: string): Matcher {
  const pieces = pattern.split('*');
  const first = pieces[0] ?? '';
  const last = pieces[pieces.length - 1] ?? '';
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  if (pieces.length === 1) return (value) => value === pattern;
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    const end = value.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = value.indexOf(piece, at);
      if (found < 0 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}

function pathGlob(pattern: string, home: string): CompiledPattern {
  const absolute = pattern === '~' ? home : pattern.startsWith('~/') ? home.replace(/\/+$/, '') + pattern.slice(1) : pattern;
  // SECURITY: a pattern that can match nothing would leave a deny rule without effect, so it is an error.
  if (!absolute.startsWith('/') && !absolute.startsWith('**')) return { ok: false, message: 'a path pattern starts with /, ~/ or **/' };
  if (/[[\]{}!()|]/.test(pattern))
    return { ok: false, message: 'a path pattern knows only *, ** and ?; write several patterns, or regex:' };
  const wanted = absolute.split('/').map((component) => (component === '**' ? null : componentGlob(component)));
  if (/[^/]\*\*|\*\*[^/]/.test(absolute)) return { ok: false, message: '** stands alone between slashes' };
  const last = wanted[wanted.length - 1] ?? null;
  // Most values fall here, before they are taken apart: what stands before the first wildcard, up to a slash that is not optional.
  const root = /^[^*?]*(?=[^/*?])/.exec(absolute)?.[0] ?? '';
  return {
    ok: true,
    matches: (value) => {
      if (!value.startsWith(root) || (last !== null && !last(value.slice(value.lastIndexOf('/') + 1)))) return false;
      return matchRun(wanted, value.split('/'));
    },
  };
}

/** Wildcard matching with one point of return: at most the product of both lengths. `null` is `**`, `undefined` is the end. */
function matchRun(wanted: readonly (Matcher | null)[], found: readonly string[]): boolean {
  let [want, at, star, resume] = [0, 0, -1, 0];
  while (at < found.length) {
    const matcher = wanted[want];
    if (matcher === null) {
      star = want;
      resume = at;
      want += 1;
    } else if (matcher?.(found[at] ?? '') === true) {
      want += 1;
      at += 1;
    } else if (star >= 0) {
      resume += 1;
      at = resume;
      want = star + 1;
    } else return false;
  }
  return wanted.slice(want).every((matcher) => matcher === null);
}

function componentGlob(pattern: string): Matcher {
  if (!pattern.includes('?')) return textGlob(pattern);
  const parts = Array.from(pattern, (character): Matcher | null => {
    if (character === '*') return null;
    return character === '?' ? () => true : (value) => value === character;
  });
  return (value) => matchRun(parts, Array.from(value));
}

/** One matcher for a list of patterns, null for none. What does not compile is told, with its place in the list. */
export function compileList(
  patterns: readonly string[] | undefined,
  kind: PatternKind,
  home: string,
  refuse: (at: number, message: string) => void,
): Matcher | null {
  if (patterns === undefined) return null;
  const matchers = patterns.flatMap((pattern, at) => {
    const compiled = compilePattern(pattern, kind, home);
    if (!compiled.ok) refuse(at, compiled.message);
    return compiled.ok ? [compiled.matches] : [];
  });
  const [only] = matchers;
  return matchers.length === 1 && only !== undefined ? only : (value) => matchers.some((matches) => matches(value));
}
