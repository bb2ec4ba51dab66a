import type { PolicyProblem, PolicyRule } from '../../../shared/domain/policy.ts';
import type { PathInDocument } from '../yaml/yaml-document.ts';
import { addHosts, type ProfileHosts } from './call-reach.ts';
import type { DecidingRule, PolicyInput } from './policy.ts';
import type { PolicyDocument } from './policy-document.ts';
import { createZoneClocks } from './time-condition.ts';
import { compileRuleTests, type RuleTests } from './rule-tests.ts';

/** One rule, ready to be asked. */
interface CompiledRule extends RuleTests {
  readonly matched: DecidingRule;
  /** Rules whose question it answers. */
  readonly overrides: readonly string[];
}

/** The rules that can matter to one tool and agent, in the order in which they are asked. */
interface Candidates {
  readonly deny: readonly CompiledRule[];
  readonly ask: readonly CompiledRule[];
  readonly allow: readonly CompiledRule[];
  readonly overriding: readonly CompiledRule[];
}

/** Rules of one file, strictest first (of two that allow, the one with the `read-only` profile) and otherwise in the file's order. */
export interface CompiledRules {
  readonly count: number;
  /** The strictest rule that matches, for the hosts that the call reaches under that rule; null when none does. */
  first(input: PolicyInput): DecidingRule | null;
  /** Every rule that matches, strictest first, also those whose question another one answers. */
  all(input: PolicyInput): readonly DecidingRule[];
}

const EFFECTS = ['deny', 'ask', 'allow'] as const;
const STRICTEST_PROFILE = 'read-only';
/** Pairs of tool and agent whose candidates are remembered; beyond that all are found again. */
const MOST_CALLERS = 500;

/** Compiles every pattern once. Problems name the line of the pattern. */
export function compileRules(
  document: PolicyDocument,
  rules: readonly PolicyRule[],
  home: string,
  profileHosts: ProfileHosts,
): { rules: CompiledRules; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const seen = new Set<string>();
  const clocks = createZoneClocks();
  const compiled = rules.map((rule, index): CompiledRule => {
    const refuse = (path: PathInDocument, message: string) => problems.push(document.problemAt(['rules', index, ...path], message));
    if (seen.has(rule.id)) refuse(['id'], `another rule is called \`${rule.id}\` already`);
    seen.add(rule.id);
    checkOverrides(rule, rules, refuse);
    return { matched: matchedRule(rule), overrides: rule.overrides ?? [], ...compileRuleTests(rule, home, profileHosts, clocks, refuse) };
  });
  const ordered = EFFECTS.flatMap((effect) =>
    [true, false].flatMap((isStrictest) =>
      compiled.filter(({ matched }) => matched.effect === effect && (matched.profile === STRICTEST_PROFILE) === isStrictest),
    ),
  );
  return { rules: { count: rules.length, ...asker(ordered, profileHosts) }, problems };
}

/**
 * One rule on its own, for what is matched beside the file: a grant, a suggestion. Problems have no line.
 * Hand `matches` an input that `Policy.withReach` has completed where the rule names hosts.
 */
export function compileRule(
  rule: PolicyRule,
  home: string,
): { readonly ok: true; readonly matches: (input: PolicyInput) => boolean } | { readonly ok: false; readonly problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const tests = compileRuleTests(
    rule,
    home,
    () => [],
    createZoneClocks(),
    (path, message) => problems.push({ line: null, column: null, path: path.join('.'), message }),
  );
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, matches: (input) => tests.isForCaller(input.tool, input.agent) && tests.isFor(input) };
}

function asker(ordered: readonly CompiledRule[], profileHosts: ProfileHosts): Omit<CompiledRules, 'count'> {
  const remembered = new Map<string, Candidates>();

  function candidates({ tool, agent }: PolicyInput): Candidates {
    const key = `${tool}\n${agent}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const found = candidatesOf(ordered.filter((rule) => rule.isForCaller(tool, agent)));
    if (remembered.size >= MOST_CALLERS) remembered.clear();
    remembered.set(key, found);
    return found;
  }

  function first(input: PolicyInput): DecidingRule | null {
    const among = candidates(input);
    let decided = decide(among, input);
    // SECURITY: what a call reaches depends on the sandbox that its rule chooses, so the stricter rules are asked again for that.
    for (let round = 0; round < EFFECTS.length && decided !== null && decided.effect !== 'deny'; round += 1) {
      const reached = addHosts(input, profileHosts(decided.profile));
      if (reached === input) return decided;
      const stricter = decide(among, reached, decided.effect);
      if (stricter === null) return decided;
      decided = stricter;
    }
    return decided;
  }

  return {
    first,
    all: (input) => {
      const { deny, ask, allow } = candidates(input);
      return [...deny, ...ask, ...allow].filter((rule) => rule.isFor(input)).map((rule) => rule.matched);
    },
  };
}

function candidatesOf(rules: readonly CompiledRule[]): Candidates {
  const of = (effect: DecidingRule['effect']) => rules.filter(({ matched }) => matched.effect === effect);
  return { deny: of('deny'), ask: of('ask'), allow: of('allow'), overriding: of('allow').filter(({ overrides }) => overrides.length > 0) };
}

/** The strictest that matches; `than`: only of the rules that are stricter. */
function decide({ deny, ask, allow, overriding }: Candidates, input: PolicyInput, than?: DecidingRule['effect']): DecidingRule | null {
  const matches = (rule: CompiledRule) => rule.isFor(input);
  const denied = deny.find(matches);
  if (denied !== undefined || than === 'ask') return denied?.matched ?? null;
  let answered: ReadonlySet<string> | null = null;
  const isAnswered = ({ matched }: CompiledRule) =>
    (answered ??= new Set(overriding.filter(matches).flatMap(({ overrides }) => overrides))).has(matched.id);
  const asked = ask.find((rule) => matches(rule) && !isAnswered(rule));
  if (asked !== undefined || than === 'allow') return asked?.matched ?? null;
  return allow.find(matches)?.matched ?? null;
}

/** SECURITY: an answer is only for a question; no rule opens what another one denies. */
function checkOverrides(rule: PolicyRule, rules: readonly PolicyRule[], refuse: (path: PathInDocument, message: string) => void): void {
  if (rule.overrides === undefined) return;
  if (rule.effect !== 'allow') refuse(['overrides'], 'only a rule that allows answers the question of another');
  for (const [at, id] of rule.overrides.entries()) {
    const named = rules.find((other) => other.id === id);
    if (named === undefined) refuse(['overrides', at], `there is no rule called \`${id}\``);
    else if (named.effect !== 'ask') refuse(['overrides', at], `\`${id}\` does not ask, so there is no question to answer`);
  }
}

const VERBS = { allow: 'allows', ask: 'asks about', deny: 'denies' } as const;

const matchedRule = (rule: PolicyRule): DecidingRule => ({
  id: rule.id,
  effect: rule.effect,
  reason: rule.reason ?? `The rule \`${rule.id}\` ${VERBS[rule.effect]} this.`,
  profile: rule.profile ?? 'default',
});
