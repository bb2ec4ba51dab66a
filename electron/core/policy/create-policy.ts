import { createHash } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import type { ChangeRule, PolicyProblem, PolicyRule, PolicyStatus } from '../../../shared/domain/policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { PolicyFileSource } from '../ports/policy-file.ts';
import { compileChangeRules, type JudgeChange } from './compiled-change-rules.ts';
import { compileRules, type CompiledRules } from './compiled-rules.ts';
import { textualInput } from './textual-input.ts';
import type { ChangeVerdict, DecidingRule, MatchedRule, Policy, PolicyInput } from './policy.ts';
import { readPolicyDocument, type PolicyDocument } from './policy-document.ts';
import type { ShellParser } from './shell-parser.ts';

export interface PolicyEvent {
  readonly type: 'policy.loaded' | 'policy.rejected';
  readonly data: JsonObject;
}

export interface PolicyDeps {
  readonly file: PolicyFileSource;
  readonly clock: Clock;
  /** The registry's view of a name; null when no such tool is registered. */
  readonly tools: (name: string) => { readonly risk: Risk; readonly scope: Scope } | null;
  /** Started before the policy is: rules' examples hold command lines. */
  readonly shell: ShellParser;
  /** Absolute; what `~/` in a path pattern stands for. */
  readonly home: string;
  /** Whether there is a sandbox profile of this name; without it, every name passes and the call itself is refused. */
  readonly isProfile?: (name: string) => boolean;
  readonly onEvent: (event: PolicyEvent) => void;
}

/** A text that passed every check. */
interface Loaded {
  readonly text: string;
  readonly version: string;
  readonly rules: readonly PolicyRule[];
  readonly compiled: CompiledRules;
  readonly changeRules: readonly ChangeRule[];
  readonly judgeChange: JudgeChange;
}

const DENY_ALL = 'deny-all';
/** Who and where a rule's examples pretend to be. */
const EXAMPLE = { agent: 'example', target: 'local', workspace: '/workspace' };

/** The rules of `policy.yaml`. A text that fails any check never comes into force: the last good one stays, and without one everything is denied. */
export function createPolicy(deps: PolicyDeps): Policy {
  const listeners = new Set<() => void>();
  let inForce: Loaded | null = null;
  let problems: readonly PolicyProblem[] = [problemWithFile('the policy has not been loaded yet')];
  let loadedAt = deps.clock.now();
  let refusedText: string | null | undefined;
  let unwatch: (() => void) | null = null;
  let queue: Promise<void> = Promise.resolve();

  function examine(text: string): { readonly loaded: Loaded | null; readonly problems: readonly PolicyProblem[]; readonly rules: number } {
    const document = readPolicyDocument(text);
    if (document.file === null) return { loaded: null, problems: document.problems, rules: 0 };
    const { rules, changes: changeRules = [] } = document.file;
    const compiled = compileRules(document, rules, deps.home);
    const changes = compileChangeRules(document, changeRules, new Set(rules.map(({ id }) => id)), deps.home);
    const misnamed = unknownProfiles(rules, deps.isProfile, document.problemAt);
    const early = [...compiled.problems, ...changes.problems, ...misnamed];
    const found = early.length > 0 ? early : checkExamples(deps, rules, compiled.rules, document.problemAt);
    const loaded = { text, version: versionOf(text), rules, compiled: compiled.rules, changeRules, judgeChange: changes.judge };
    return { loaded: found.length === 0 ? loaded : null, problems: found, rules: rules.length };
  }

  async function load(): Promise<void> {
    const read = await readText(deps.file);
    if (!read.ok) return refuse(null, [read.problem]);
    const result = examine(read.text);
    if (result.loaded === null) return refuse(read.text, result.problems);
    const isSame = inForce?.text === read.text && problems.length === 0;
    refusedText = undefined;
    if (isSame) return;
    // Told before it is in force: what cannot be recorded does not happen.
    const { version, rules } = result.loaded;
    deps.onEvent({ type: 'policy.loaded', data: { file: deps.file.path, version, rules: rules.length } });
    inForce = result.loaded;
    problems = [];
    loadedAt = deps.clock.now();
    notify();
  }

  function refuse(text: string | null, found: readonly PolicyProblem[]): void {
    problems = found;
    if (refusedText === text) return;
    refusedText = text;
    const data = {
      file: deps.file.path,
      in_force: inForce?.version ?? DENY_ALL,
      problems: found.slice(0, 10).map((problem) => ({ ...problem })),
    };
    deps.onEvent({ type: 'policy.rejected', data });
    notify();
  }

  function notify(): void {
    for (const listener of listeners) listener();
  }

  function explain(input: PolicyInput): { readonly verdict: Verdict; readonly matched: readonly MatchedRule[] } {
    const matched = isJudged(input) ? (inForce?.compiled.all(input) ?? []) : [];
    return { verdict: evaluate(input), matched: matched.map(({ id, effect, reason }) => ({ id, effect, reason })) };
  }

  const isJudged = (input: PolicyInput) => inForce !== null && deps.tools(input.tool) !== null;

  function evaluate(input: PolicyInput): Verdict {
    if (inForce === null) return verdict(DENY_ALL, { ...UNREADABLE, reason: unreadable(deps.file.path, problems) });
    if (deps.tools(input.tool) === null) return verdict(inForce.version, UNKNOWN_TOOL);
    return verdict(inForce.version, judge(inForce.compiled, input));
  }

  return {
    async start() {
      unwatch = deps.file.watch(() => {
        queue = queue.then(load).catch(() => {
          // What is in force stays; the event itself is what failed, so there is none about it.
          problems = [problemWithFile('the change could not be recorded, so it did not take effect')];
          notify();
        });
      });
      queue = queue.then(load);
      await queue;
    },
    async stop() {
      unwatch?.();
      unwatch = null;
      await queue;
    },
    evaluate,
    evaluateChange: (input) => inForce?.judgeChange(input) ?? NOTHING_APPLIES,
    explain,
    async check(text) {
      const result = examine(text);
      return { ok: result.loaded !== null, rules: result.rules, problems: [...result.problems] };
    },
    status: (): PolicyStatus => ({
      file: deps.file.path,
      version: inForce?.version ?? DENY_ALL,
      rules: inForce?.rules.length ?? 0,
      state: inForce === null ? 'deny_all' : problems.length === 0 ? 'active' : 'last_good',
      loaded_at: new Date(loadedAt).toISOString(),
      problems: [...problems],
    }),
    text: () => inForce?.text ?? '',
    rules: () => inForce?.rules ?? [],
    changeRules: () => inForce?.changeRules ?? [],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** SECURITY: without a policy no change is ordinary. */
const NOTHING_APPLIES: ChangeVerdict = {
  effect: 'hold',
  rule: 'builtin:policy-unreadable',
  reason: 'The policy could not be loaded, so every change waits for the operator.',
};
const UNREADABLE = { id: 'builtin:policy-unreadable', effect: 'deny', profile: 'default' } as const;
const UNKNOWN_TOOL: DecidingRule = {
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

function judge(rules: CompiledRules, input: PolicyInput): DecidingRule {
  if (rules.count === 0) return NO_RULES;
  return rules.first(input) ?? NO_RULE;
}

const verdict = (version: string, rule: DecidingRule): Verdict => ({
  effect: rule.effect,
  rule: rule.id,
  reason: rule.reason,
  profile: rule.profile,
  policy_version: version,
});

const versionOf = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 12);

function unreadable(path: string, problems: readonly PolicyProblem[]): string {
  const [first] = problems;
  const place = first?.line === undefined || first.line === null ? '' : `, line ${first.line}`;
  return `The policy could not be loaded, so everything is denied: ${path}${place}: ${first?.message ?? 'unknown'}.`;
}

function unknownProfiles(
  rules: readonly PolicyRule[],
  isProfile: PolicyDeps['isProfile'],
  problemAt: PolicyDocument['problemAt'],
): PolicyProblem[] {
  return rules.flatMap(({ profile }, index) =>
    profile === undefined || isProfile === undefined || isProfile(profile)
      ? []
      : [problemAt(['rules', index, 'profile'], `there is no sandbox profile called \`${profile}\``)],
  );
}

const problemWithFile = (message: string): PolicyProblem => ({ line: null, column: null, path: '', message });

type Read = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: PolicyProblem };

async function readText(file: PolicyFileSource): Promise<Read> {
  const failed = (message: string): Read => ({ ok: false, problem: problemWithFile(message) });
  try {
    const text = await file.read();
    return text === null ? failed('the file does not exist') : { ok: true, text };
  } catch (error) {
    return failed(error instanceof AppError ? error.message : 'the file could not be read');
  }
}

function checkExamples(
  deps: PolicyDeps,
  rules: readonly PolicyRule[],
  compiled: CompiledRules,
  problemAt: PolicyDocument['problemAt'],
): PolicyProblem[] {
  return rules.flatMap((rule, index) =>
    (rule.examples ?? []).flatMap((example, at) => {
      const known = deps.tools(example.tool);
      const found =
        known === null
          ? UNKNOWN_TOOL
          : judge(compiled, textualInput({ ...EXAMPLE, tool: example.tool, args: example.args }, known, deps.shell));
      if (found.effect === example.effect) return [];
      const message = `the example expects ${example.effect}, but the file says ${found.effect} (${found.id})`;
      return [problemAt(['rules', index, 'examples', at], message)];
    }),
  );
}
