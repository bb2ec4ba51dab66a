import type { Verdict } from '../../../shared/domain/call.ts';
import type { PolicyProblem } from '../../../shared/domain/policy.ts';
import type { CompiledRules } from './compiled-rules.ts';
import type { ChangeVerdict, DecidingRule, PolicyInput } from './policy.ts';

// What is said where no rule of a file can speak.

export const DENY_ALL = 'deny-all';

/** SECURITY: without a policy no change is ordinary. */
export const NOTHING_APPLIES: ChangeVerdict = {
  effect: 'hold',
  rule: 'builtin:policy-unreadable',
  reason: 'The policy could not be loaded, so every change waits for the operator.',
};

export const UNKNOWN_TOOL: DecidingRule = {
  id: 'builtin:unknown-tool',
  effect: 'deny',
  reason: 'No tool of exactly this name exists.',
  profile: 'default',
};

const NO_RULE: DecidingRule = {
  id: 'builtin:no-rule',
  effect: 'ask',
  reason: 'No rule of the policy covers this, so the operator decides.',
  profile: 'default',
};

/** SECURITY: an empty list is not an opinion (THREATS rule 6). */
const NO_RULES: DecidingRule = {
  id: 'builtin:no-rules',
  effect: 'deny',
  reason: 'The policy holds no rules at all, so nothing is allowed.',
  profile: 'default',
};

/** The strictest rule that matches; with none, the operator is asked. */
export function judge(rules: CompiledRules, input: PolicyInput): DecidingRule {
  if (rules.count === 0) return NO_RULES;
  return rules.first(input) ?? NO_RULE;
}

export const verdictOf = (version: string, rule: DecidingRule): Verdict => ({
  effect: rule.effect,
  rule: rule.id,
  reason: rule.reason,
  profile: rule.profile,
  policy_version: version,
});

/** While nothing could be loaded, everything is denied. */
export function unreadable(path: string, problems: readonly PolicyProblem[]): Verdict {
  const [first] = problems;
  const place = first?.line === undefined || first.line === null ? '' : `, line ${first.line}`;
  const reason = `The policy could not be loaded, so everything is denied: ${path}${place}: ${first?.message ?? 'unknown'}.`;
  return verdictOf(DENY_ALL, { id: 'builtin:policy-unreadable', effect: 'deny', profile: 'default', reason });
}
