import type { PolicyProblem, PolicyRule } from '../../../shared/domain/policy.ts';
import { compilePattern, type Matcher, type PatternKind } from './pattern.ts';
import type { DecidingRule, PolicyInput } from './policy.ts';
import type { PolicyDocument } from './policy-document.ts';

/** One rule, ready to be asked. */
interface CompiledRule {
  readonly matched: DecidingRule;
  readonly isFor: (input: PolicyInput) => boolean;
}

/** Rules of one file, strictest first (of two that allow, the one with the `read-only` profile) and otherwise in the file's order. */
export interface CompiledRules {
  readonly count: number;
  /** The strictest rule that matches; null when none does. */
  first(input: PolicyInput): DecidingRule | null;
  /** Every rule that matches, strictest first. */
  all(input: PolicyInput): readonly DecidingRule[];
}

const EFFECTS = ['deny', 'ask', 'allow'] as const;
const STRICTEST_PROFILE = 'read-only';
type Test = (input: PolicyInput) => boolean;

/** Compiles every pattern once. Problems name the line of the pattern. */
export function compileRules(
  document: PolicyDocument,
  rules: readonly PolicyRule[],
  home: string,
): { rules: CompiledRules; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const seen = new Set<string>();
  const compiled = rules.map((rule, index): CompiledRule => {
    if (seen.has(rule.id)) problems.push(document.problemAt(['rules', index, 'id'], `another rule is called \`${rule.id}\` already`));
    seen.add(rule.id);
    const compile = (key: 'tools' | 'agents' | 'targets' | 'paths' | 'commands', kind: PatternKind) =>
      compileList(rule[key], kind, home, (at, message) => problems.push(document.problemAt(['rules', index, key, at], message)));
    return { matched: matchedRule(rule), isFor: allOf(testsOf(rule, compile)) };
  });
  const ordered = EFFECTS.flatMap((effect) =>
    [true, false].flatMap((isStrictest) =>
      compiled.filter(({ matched }) => matched.effect === effect && (matched.profile === STRICTEST_PROFILE) === isStrictest),
    ),
  );
  return {
    rules: {
      count: rules.length,
      first: (input) => ordered.find((rule) => rule.isFor(input))?.matched ?? null,
      all: (input) => ordered.filter((rule) => rule.isFor(input)).map((rule) => rule.matched),
    },
    problems,
  };
}

const VERBS = { allow: 'allows', ask: 'asks about', deny: 'denies' } as const;

const matchedRule = (rule: PolicyRule): DecidingRule => ({
  id: rule.id,
  effect: rule.effect,
  reason: rule.reason ?? `The rule \`${rule.id}\` ${VERBS[rule.effect]} this.`,
  profile: rule.profile ?? 'default',
});

type Compile = (key: 'tools' | 'agents' | 'targets' | 'paths' | 'commands', kind: PatternKind) => Matcher | null;

/** Cheap tests first: most rules fall at the tool's name. */
function testsOf(rule: PolicyRule, compile: Compile): Test[] {
  const isAllow = rule.effect === 'allow';
  const { risk, scopes } = rule;
  const on = (matches: Matcher | null, read: (input: PolicyInput) => string): Test[] =>
    matches === null ? [] : [(input) => matches(read(input))];
  const paths = compile('paths', 'path');
  const commands = compile('commands', 'text');
  return [
    ...on(compile('tools', 'text'), (input) => input.tool),
    ...on(compile('agents', 'text'), (input) => input.agent),
    ...on(compile('targets', 'text'), (input) => input.target),
    ...(risk === undefined ? [] : [(input: PolicyInput) => risk.includes(input.risk)]),
    ...(scopes === undefined ? [] : [(input: PolicyInput) => scopes.includes(input.scope)]),
    ...(paths === null ? [] : [(input: PolicyInput) => covers(isAllow, input.paths, paths)]),
    ...(commands === null ? [] : [(input: PolicyInput) => (isAllow ? allows(input, commands) : (input.commands ?? []).some(commands))]),
  ];
}

/** SECURITY: leave must cover everything that the call touches; a reason to stop needs only one thing. Nothing is never "everything". */
const covers = (isAllow: boolean, values: readonly string[], matches: Matcher) =>
  isAllow ? values.length > 0 && values.every(matches) : values.some(matches);

/** SECURITY: a command line that was not understood in full is never allowed for what was understood of it (THREATS rule 17). */
const allows = (input: PolicyInput, matches: Matcher) => !input.unparsed && covers(true, input.commands ?? [], matches);

const allOf =
  (tests: readonly Test[]): Test =>
  (input) =>
    tests.every((test) => test(input));

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
