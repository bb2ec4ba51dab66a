import type { Verdict } from '../../../shared/domain/call.ts';
import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import type { PolicyProblem, PolicyRule, PolicyStatus, SandboxProfile } from '../../../shared/domain/policy.ts';

/** What policy judges: the resolved call, never the agent's own words about it. */
export interface PolicyInput {
  readonly tool: string;
  readonly agent: string;
  readonly risk: Risk;
  readonly scope: Scope;
  readonly target: string;
  /** Resolved absolute paths that the call itself touches. */
  readonly paths: readonly string[];
  /** Each command of a command line, its words joined by single spaces; null when the tool runs none. */
  readonly commands: readonly string[] | null;
  /** True when the command line could not be parsed in full: an allow rule on commands then never applies. */
  readonly unparsed: boolean;
}

export interface MatchedRule {
  readonly id: string;
  readonly effect: 'allow' | 'ask' | 'deny';
  readonly reason: string;
}

/** A rule that decides, with the sandbox that it decides for. */
export interface DecidingRule extends MatchedRule {
  readonly profile: SandboxProfile;
}

export interface Policy {
  /** Loads the file (or deny-all) and starts watching it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Pure and synchronous: the strictest matching rule wins; no rule → ask for known tools. */
  evaluate(input: PolicyInput): Verdict;
  /** The verdict with every rule that matched, strictest first. */
  explain(input: PolicyInput): { readonly verdict: Verdict; readonly matched: readonly MatchedRule[] };
  /** Checks a text without putting it in force: schema, duplicate ids, patterns, and every rule's own examples. */
  check(text: string): Promise<{ readonly ok: boolean; readonly rules: number; readonly problems: readonly PolicyProblem[] }>;
  status(): PolicyStatus;
  text(): string;
  rules(): readonly PolicyRule[];
  /** Calls back after another version came into force, or a file was refused. */
  onChange(listener: () => void): () => void;
}
