import type { JsonObject } from '../../../shared/json.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import type { ChangeKind } from '../../../shared/domain/change.ts';
import type { PolicyChange, PolicyChannel } from './policy-change.ts';
import type { ChangeClass, ChangeEffect, ChangeRule, PolicyProblem, PolicyRule, PolicyStatus } from '../../../shared/domain/policy.ts';

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
  /** Absolute; null when the call works in none. */
  readonly workspace: string | null;
  /**
   * Hosts that its arguments name, as `callHosts` finds them: lower case, `*.name` for all below one, `*` for any. What the sandbox profile of the
   * deciding rule can reach is added by the policy itself.
   */
  readonly hosts: readonly string[];
  readonly targetMetadata: Readonly<Record<string, string>>;
  /** As they were parsed; untrusted. */
  readonly arguments: JsonObject;
  /** What the task carries. */
  readonly labels: readonly string[];
  /** Milliseconds of the wall clock. */
  readonly now: number;
}

export interface MatchedRule {
  readonly id: string;
  readonly effect: 'allow' | 'ask' | 'deny';
  readonly reason: string;
}

/** A rule that decides, with the sandbox that it decides for. */
export interface DecidingRule extends MatchedRule {
  /** A sandbox profile's name. */
  readonly profile: string;
}

/** One change that a call made, with the built-in classes that would hold it; none for an ordinary one. */
export interface ChangeInput {
  /** Absolute. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly agent: string;
  readonly tool: string;
  readonly classes: readonly ChangeClass[];
}

export interface ChangeVerdict {
  readonly effect: ChangeEffect;
  readonly rule: string;
  readonly reason: string;
}

/** A text that is tried without being in force. */
export type PolicyTrial =
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }
  | {
      readonly ok: true;
      readonly version: string;
      readonly rules: readonly PolicyRule[];
      /** The calls that the file's own examples describe. */
      readonly examples: readonly PolicyInput[];
      evaluate(input: PolicyInput): Verdict;
      /** Every rule that matches, strictest first. `profile`: that of the verdict, where it is known already. */
      matching(input: PolicyInput, profile?: string): readonly MatchedRule[];
    };

export interface Policy {
  /** Loads the file (or deny-all) and starts watching it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Pure and synchronous: the strictest matching rule wins; no rule → ask for known tools. */
  evaluate(input: PolicyInput): Verdict;
  /** The input with the hosts that a command under this sandbox profile can reach; for rules that are matched beside the file's, such as grants. */
  withReach(input: PolicyInput, profile: string): PolicyInput;
  /** Whether the path is one of `private_paths`. Without a policy everything is. */
  isPrivate(path: string): boolean;
  /** The verdict with every rule that matched, strictest first. */
  explain(input: PolicyInput): { readonly verdict: Verdict; readonly matched: readonly MatchedRule[] };
  /** Pure and synchronous: the strictest matching rule of `changes:` wins; with none, a built-in class holds, and all else applies. */
  evaluateChange(input: ChangeInput): ChangeVerdict;
  /** What a text would say, for as many calls as one likes. */
  trial(text: string): PolicyTrial;
  /** Checks a text without putting it in force: schema, duplicate ids, patterns, and every rule's own examples. */
  check(text: string): Promise<{ readonly ok: boolean; readonly rules: number; readonly problems: readonly PolicyProblem[] }>;
  /**
   * Puts a text in force: checked, recorded, written and loaded, in that order. `expectedVersion` is the version of the file on disk that the operator
   * saw (`fileVersion`). A text with problems is answered with them, and nothing is written. Errors: `conflict` when the file is another by now,
   * `unavailable` when it cannot be recorded or written.
   */
  save(text: string, expectedVersion: string, channel: PolicyChannel): Promise<PolicyChange>;
  /** The text in force with one more rule, as a save: comments stay. */
  appendRule(rule: PolicyRule, expectedVersion: string, channel: PolicyChannel): Promise<PolicyChange>;
  /** What `appendRule` would do; nothing is written. Errors: `conflict` without a policy in force. */
  previewRule(rule: PolicyRule): PolicyChange;
  /** Of what lies on disk now. */
  fileVersion(): Promise<string>;
  status(): PolicyStatus;
  text(): string;
  rules(): readonly PolicyRule[];
  changeRules(): readonly ChangeRule[];
  /** Calls back after another version came into force, or a file was refused. */
  onChange(listener: () => void): () => void;
}
