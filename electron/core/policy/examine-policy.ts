import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import type { ChangeRule, PolicyExample, PolicyProblem, PolicyRule } from '../../../shared/domain/policy.ts';
import type { ProfileHosts } from './call-reach.ts';
import { compileChangeRules, type JudgeChange } from './compiled-change-rules.ts';
import { compileRules, type CompiledRules } from './compiled-rules.ts';
import { compileList, type Matcher } from './pattern.ts';
import { judge, UNKNOWN_TOOL } from './policy-verdicts.ts';
import type { PolicyInput } from './policy.ts';
import { readPolicyDocument, type PolicyDocument } from './policy-document.ts';
import { policyVersion } from './policy-version.ts';
import { PRIVATE_PATHS } from './private-paths.ts';
import type { ShellParser } from './shell-parser.ts';
import { textualInput } from './textual-input.ts';

export interface ExamineDeps {
  /** The registry's view of a name; null when no such tool is registered. */
  readonly tools: (name: string) => { readonly risk: Risk; readonly scope: Scope } | null;
  /** Started before: rules' examples hold command lines. */
  readonly shell: ShellParser;
  /** Absolute; what `~/` in a path pattern stands for. */
  readonly home: string;
  /** Whether there is a sandbox profile of this name; without it, every name passes and the call itself is refused. */
  readonly isProfile?: (name: string) => boolean;
  /** The hosts that a sandbox profile can reach; without it, none. */
  readonly profileHosts?: ProfileHosts;
}

/** A text that passed every check. */
export interface LoadedPolicy {
  readonly text: string;
  readonly version: string;
  readonly rules: readonly PolicyRule[];
  readonly compiled: CompiledRules;
  readonly changeRules: readonly ChangeRule[];
  readonly judgeChange: JudgeChange;
  readonly isPrivate: Matcher;
}

export interface Examined {
  /** Null when there is a problem. */
  readonly loaded: LoadedPolicy | null;
  readonly problems: readonly PolicyProblem[];
  readonly rules: number;
}

/** Every check that a text must pass before it may be in force: schema, ids, patterns, profiles, and each rule's own examples. */
export function examinePolicy(deps: ExamineDeps, text: string): Examined {
  const document = readPolicyDocument(text);
  if (document.file === null) return { loaded: null, problems: document.problems, rules: 0 };
  const { rules, changes: changeRules = [], private_paths = PRIVATE_PATHS } = document.file;
  const compiled = compileRules(document, rules, deps.home, deps.profileHosts ?? (() => []));
  const changes = compileChangeRules(document, changeRules, new Set(rules.map(({ id }) => id)), deps.home);
  const privacy: PolicyProblem[] = [];
  const isPrivate = compileList(private_paths, 'path', deps.home, (at, message) =>
    privacy.push(document.problemAt(['private_paths', at], message)),
  );
  const early = [...compiled.problems, ...changes.problems, ...privacy, ...unknownProfiles(rules, deps.isProfile, document.problemAt)];
  const problems = early.length > 0 ? early : checkExamples(deps, rules, compiled.rules, document.problemAt);
  const loaded: LoadedPolicy = {
    text,
    version: policyVersion(text),
    rules,
    compiled: compiled.rules,
    changeRules,
    judgeChange: changes.judge,
    isPrivate: isPrivate ?? (() => false),
  };
  return { loaded: problems.length === 0 ? loaded : null, problems, rules: rules.length };
}

/** The call that an example describes; null when it names no tool. */
export function exampleInput(deps: ExamineDeps, example: PolicyExample): PolicyInput | null {
  const known = deps.tools(example.tool);
  if (known === null) return null;
  const { tool, args, agent = 'example', target = 'local', workspace = '/workspace', target_metadata, labels, hosts, at } = example;
  const now = at === undefined ? MONDAY_NOON : Date.parse(at);
  return textualInput({ tool, args, agent, target, workspace, targetMetadata: target_metadata, labels, hosts, now }, known, deps.shell);
}

/** By this machine's clock, so that a rule without a zone finds noon. */
const MONDAY_NOON = new Date(2026, 0, 5, 12).getTime();

function checkExamples(
  deps: ExamineDeps,
  rules: readonly PolicyRule[],
  compiled: CompiledRules,
  problemAt: PolicyDocument['problemAt'],
): PolicyProblem[] {
  return rules.flatMap((rule, index) =>
    (rule.examples ?? []).flatMap((example, at) => {
      const input = exampleInput(deps, example);
      const found = input === null ? UNKNOWN_TOOL : judge(compiled, input);
      if (found.effect === example.effect) return [];
      const message = `the example expects ${example.effect}, but the file says ${found.effect} (${found.id})`;
      return [problemAt(['rules', index, 'examples', at], message)];
    }),
  );
}

function unknownProfiles(
  rules: readonly PolicyRule[],
  isProfile: ExamineDeps['isProfile'],
  problemAt: PolicyDocument['problemAt'],
): PolicyProblem[] {
  return rules.flatMap(({ profile }, index) =>
    profile === undefined || isProfile === undefined || isProfile(profile)
      ? []
      : [problemAt(['rules', index, 'profile'], `there is no sandbox profile called \`${profile}\``)],
  );
}
