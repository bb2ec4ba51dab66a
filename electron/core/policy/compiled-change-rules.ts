import type { ChangeRule, PolicyProblem } from '../../../shared/domain/policy.ts';
import { classOfPath } from '../changes/path-classes.ts';
import { componentsBelow } from '../changes/fold-name.ts';
import { builtInChange } from './built-in-changes.ts';
import { compileList } from './pattern.ts';
import type { PathInDocument } from '../yaml/yaml-document.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { ChangeInput, ChangeVerdict } from './policy.ts';

interface CompiledChangeRule {
  readonly verdict: ChangeVerdict;
  readonly isFor: (input: ChangeInput) => boolean;
}

export type JudgeChange = (input: ChangeInput) => ChangeVerdict;

const EFFECTS = ['drop', 'hold', 'apply'] as const;
/** Where and for whom a rule's examples happen. */
const EXAMPLE = { agent: 'example', tool: 'bash', workspace: '/workspace' };

/** Compiles the rules of `changes:` and checks their examples. Problems name the line. */
export function compileChangeRules(
  document: PolicyDocument,
  rules: readonly ChangeRule[],
  taken: ReadonlySet<string>,
  home: string,
): { judge: JudgeChange; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const report = (path: PathInDocument, message: string) => problems.push(document.problemAt(['changes', ...path], message));
  const seen = new Set(taken);
  const compiled = rules.map((rule, index) => {
    if (seen.has(rule.id)) report([index, 'id'], `another rule is called \`${rule.id}\` already`);
    seen.add(rule.id);
    return compileRule(rule, home, (key, at, message) => report([index, key, at], message));
  });
  const ordered = EFFECTS.flatMap((effect) => compiled.filter(({ verdict }) => verdict.effect === effect));
  const judge: JudgeChange = (input) => ordered.find((rule) => rule.isFor(input))?.verdict ?? builtInChange(input.classes);
  if (problems.length === 0) checkExamples(rules, judge, report);
  return { judge, problems };
}

const VERBS = { apply: 'applies', hold: 'holds', drop: 'drops' } as const;
type Key = 'paths' | 'agents' | 'tools';

function compileRule(rule: ChangeRule, home: string, refuse: (key: Key, at: number, message: string) => void): CompiledChangeRule {
  const compile = (key: Key) => compileList(rule[key], key === 'paths' ? 'path' : 'text', home, (at, message) => refuse(key, at, message));
  const [paths, agents, tools] = [compile('paths'), compile('agents'), compile('tools')];
  const { kinds } = rule;
  return {
    verdict: { effect: rule.effect, rule: rule.id, reason: rule.reason ?? `The rule \`${rule.id}\` ${VERBS[rule.effect]} this.` },
    isFor: (input) =>
      (kinds?.includes(input.kind) ?? true) &&
      matchesClasses(rule, input) &&
      (tools?.(input.tool) ?? true) &&
      (agents?.(input.agent) ?? true) &&
      (paths?.(input.path) ?? true),
  };
}

/** SECURITY: leave must name everything that would hold the change, so that `paths: ['**']` alone opens no git hook; a reason to stop needs one. */
function matchesClasses({ effect, classes }: ChangeRule, input: ChangeInput): boolean {
  if (effect !== 'apply') return classes === undefined || input.classes.some((name) => classes.includes(name));
  if (classes === undefined) return input.classes.length === 0;
  return input.classes.length > 0 && input.classes.every((name) => classes.includes(name));
}

function checkExamples(rules: readonly ChangeRule[], judge: JudgeChange, report: (path: PathInDocument, message: string) => void): void {
  for (const [index, rule] of rules.entries()) {
    for (const [at, { path, kind, effect }] of (rule.examples ?? []).entries()) {
      const absolute = path.startsWith('/') ? path : `${EXAMPLE.workspace}/${path}`;
      const { held } = classOfPath(componentsBelow(EXAMPLE.workspace, absolute), false);
      const found = judge({ ...EXAMPLE, path: absolute, kind, classes: held === null ? [] : [held] });
      if (found.effect !== effect)
        report([index, 'examples', at], `the example expects ${effect}, but the file says ${found.effect} (${found.rule})`);
    }
  }
}
