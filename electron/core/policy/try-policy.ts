import { addHosts } from './call-reach.ts';
import { exampleInput, examinePolicy, type ExamineDeps } from './examine-policy.ts';
import { judge, UNKNOWN_TOOL, verdictOf } from './policy-verdicts.ts';
import type { PolicyInput, PolicyTrial } from './policy.ts';

/** Compiles a text to ask it, as it would answer in force. */
export function tryPolicy(deps: ExamineDeps, text: string): PolicyTrial {
  const { loaded, problems } = examinePolicy(deps, text);
  if (loaded === null) return { ok: false, problems };
  const { compiled, rules, version } = loaded;
  const decide = (input: PolicyInput) => (deps.tools(input.tool) === null ? UNKNOWN_TOOL : judge(compiled, input));
  return {
    ok: true,
    version,
    rules,
    examples: rules.flatMap((rule) => (rule.examples ?? []).flatMap((example) => exampleInput(deps, example) ?? [])),
    evaluate: (input) => verdictOf(version, decide(input)),
    matching: (input, profile = decide(input).profile) => compiled.all(addHosts(input, deps.profileHosts?.(profile) ?? [])),
  };
}
