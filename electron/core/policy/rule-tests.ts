import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { PathInDocument } from '../yaml/yaml-document.ts';
import { compileArguments } from './argument-condition.ts';
import { addHosts, type ProfileHosts } from './call-reach.ts';
import { compileHosts } from './host-condition.ts';
import { compileList, type Matcher, type PatternKind } from './pattern.ts';
import type { PolicyInput } from './policy.ts';
import { compileTimes, type ZoneClocks } from './time-condition.ts';

/** A rule's conditions. All must hold. */
export interface RuleTests {
  /** By tool and agent: what stays the same for a whole series of calls. */
  readonly isForCaller: (tool: string, agent: string) => boolean;
  /** Everything else. */
  readonly isFor: (input: PolicyInput) => boolean;
}

type Test = (input: PolicyInput) => boolean;
type Refuse = (path: PathInDocument, message: string) => void;
type ListKey = 'tools' | 'agents' | 'targets' | 'workspaces' | 'paths' | 'commands';

/** Compiles the conditions of one rule. What does not compile is told with its place in the rule. */
export function compileRuleTests(
  rule: PolicyRule,
  home: string,
  profileHosts: ProfileHosts,
  clocks: ZoneClocks,
  refuse: Refuse,
): RuleTests {
  const compile = (key: ListKey, kind: PatternKind) => compileList(rule[key], kind, home, (at, message) => refuse([key, at], message));
  const tools = compile('tools', 'text');
  const agents = compile('agents', 'text');
  // Cheap ones first.
  const tests = [
    ...factTests(rule),
    ...placeTests(compile),
    ...metadataTests(rule, home, refuse),
    ...argumentTests(rule, home, refuse),
    ...reachTests(rule, compile),
    ...timeTests(rule, clocks, refuse),
    ...hostTests(rule, home, profileHosts, refuse),
  ];
  return {
    isForCaller: (tool, agent) => (tools?.(tool) ?? true) && (agents?.(agent) ?? true),
    isFor: (input) => tests.every((test) => test(input)),
  };
}

function factTests({ risk, scopes, labels }: PolicyRule): Test[] {
  return [
    ...(risk === undefined ? [] : [(input: PolicyInput) => risk.includes(input.risk)]),
    ...(scopes === undefined ? [] : [(input: PolicyInput) => scopes.includes(input.scope)]),
    ...(labels === undefined ? [] : [(input: PolicyInput) => labels.every((label) => input.labels.includes(label))]),
  ];
}

type Compile = (key: ListKey, kind: PatternKind) => Matcher | null;

function placeTests(compile: Compile): Test[] {
  const targets = compile('targets', 'text');
  const workspaces = compile('workspaces', 'path');
  return [
    ...(targets === null ? [] : [(input: PolicyInput) => targets(input.target)]),
    ...(workspaces === null ? [] : [({ workspace }: PolicyInput) => workspace !== null && workspaces(workspace)]),
  ];
}

function metadataTests({ target_metadata }: PolicyRule, home: string, refuse: Refuse): Test[] {
  return Object.entries(target_metadata ?? {}).map(([key, patterns]) => {
    const matches = compileList(patterns, 'text', home, (at, message) => refuse(['target_metadata', key, at], message));
    return ({ targetMetadata }) => Object.hasOwn(targetMetadata, key) && matches?.(targetMetadata[key] ?? '') === true;
  });
}

/** SECURITY: a time that is none (NaN) lets nothing through and stops whatever a time could stop (THREATS rule 6). */
function timeTests({ times, effect }: PolicyRule, clocks: ZoneClocks, refuse: Refuse): Test[] {
  if (times === undefined) return [];
  const test = compileTimes(times, clocks, (path, message) => refuse(['times', ...path], message));
  return [({ now }) => test(now) ?? effect !== 'allow'];
}

function argumentTests({ arguments: constraints, effect }: PolicyRule, home: string, refuse: Refuse): Test[] {
  if (constraints === undefined) return [];
  const test = compileArguments(constraints, effect === 'allow', home, (path, message) => refuse(['arguments', ...path], message));
  return [(input) => test(input.arguments)];
}

function reachTests({ effect }: PolicyRule, compile: Compile): Test[] {
  const isAllow = effect === 'allow';
  const paths = compile('paths', 'path');
  const commands = compile('commands', 'text');
  return [
    ...(paths === null ? [] : [(input: PolicyInput) => covers(isAllow, input.paths, paths)]),
    ...(commands === null ? [] : [(input: PolicyInput) => (isAllow ? allows(input, commands) : (input.commands ?? []).some(commands))]),
  ];
}

/** SECURITY: a rule that allows answers for its own sandbox's reach, too. */
function hostTests(rule: PolicyRule, home: string, profileHosts: ProfileHosts, refuse: Refuse): Test[] {
  if (rule.hosts === undefined) return [];
  const isAllow = rule.effect === 'allow';
  const test = compileHosts(rule.hosts, isAllow, home, (path, message) => refuse(['hosts', ...path], message));
  if (!isAllow) return [(input) => test(input.hosts)];
  const { profile = 'default' } = rule;
  return [(input) => test(addHosts(input, profileHosts(profile)).hosts)];
}

/** SECURITY: leave must cover everything that the call touches; a reason to stop needs only one thing. Nothing is never "everything". */
const covers = (isAllow: boolean, values: readonly string[], matches: Matcher) =>
  isAllow ? values.length > 0 && values.every(matches) : values.some(matches);

/** SECURITY: a command line that was not understood in full is never allowed for what was understood of it (THREATS rule 17). */
const allows = (input: PolicyInput, matches: Matcher) => !input.unparsed && covers(true, input.commands ?? [], matches);
