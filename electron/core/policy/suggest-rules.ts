import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { RuleSuggestion } from '../../../shared/domain/policy-replay.ts';
import { suggestRule } from '../approvals/suggest-rule.ts';
import { appendRule } from './append-rule.ts';
import { compileRule } from './compiled-rules.ts';
import type { PolicyInput, PolicyTrial } from './policy.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A recorded call that the operator was asked about. */
export interface AskedCall {
  readonly call: JudgedCall;
  readonly input: PolicyInput;
}

export interface SuggestRequest {
  readonly trial: Extract<PolicyTrial, { ok: true }>;
  readonly text: string;
  readonly asked: readonly AskedCall[];
  /** Approvals of one shape before a rule is suggested. */
  readonly least: number;
  readonly home: string;
  readonly tryText: (text: string) => PolicyTrial;
}

interface Candidate {
  readonly rule: PolicyRule;
  readonly sentence: string;
  readonly askedBy: readonly string[];
  approvals: number;
}

/** Shapes whose suggestion is worked out: the most frequent ones. */
const MOST_SUGGESTIONS = 20;
const MOST_SHOWN = 200;

/**
 * Rules that would have answered questions to which the operator always said yes. SECURITY: never for critical risk, never for what was asked for a
 * reason of the gateway's own (no sandbox, data flow, a target's wish …), never for a command that was not understood, never where one was refused.
 */
export function suggestRules(request: SuggestRequest): RuleSuggestion[] {
  const open = request.asked.filter(({ call, input }) => isOpen(call) && request.trial.evaluate(input).effect === 'ask');
  const approved = open.filter(({ call }) => call.approved);
  // The narrower come first, so that they stay where both count alike; of what has no shape both are the same.
  const candidates = new Map([...countBy(request.trial, approved, 'similar'), ...countBy(request.trial, approved, 'exact')].reverse());
  const frequent = [...candidates.values()].filter(({ approvals }) => approvals >= request.least);
  frequent.sort((one, other) => other.approvals - one.approvals);
  const found = frequent.slice(0, MOST_SUGGESTIONS * 2).flatMap((candidate) => worked(request, open, candidate) ?? []);
  return withoutNarrower(found).slice(0, MOST_SUGGESTIONS);
}

function countBy(trial: SuggestRequest['trial'], approved: readonly AskedCall[], breadth: 'exact' | 'similar'): Map<string, Candidate> {
  const counted = new Map<string, Candidate>();
  for (const one of approved) {
    const made = candidateFor(trial, one, breadth);
    if (made === null) continue;
    const key = JSON.stringify(made.rule);
    const known = counted.get(key) ?? made;
    known.approvals += 1;
    counted.set(key, known);
  }
  return counted;
}

const isOpen = ({ risk, rule, unparsed }: JudgedCall) =>
  risk !== 'critical' && !unparsed && (!rule.startsWith('builtin:') || rule === 'builtin:no-rule');

function candidateFor(trial: SuggestRequest['trial'], { call, input }: AskedCall, breadth: 'exact' | 'similar'): Candidate | null {
  const suggested = suggestRule(call, 'allow', breadth);
  if (suggested === null) return null;
  const askedBy = trial
    .matching(input)
    .filter(({ effect }) => effect === 'ask')
    .map(({ id }) => id)
    .sort();
  const rule: PolicyRule = {
    ...suggested.rule,
    ...(askedBy.length === 0 ? {} : { overrides: askedBy }),
    ...(call.profile === 'default' ? {} : { profile: call.profile }),
  };
  return { rule, sentence: suggested.sentence, askedBy, approvals: 0 };
}

/** Null when it would not do what it is for, or more. */
function worked({ text, tryText, home, asked }: SuggestRequest, open: readonly AskedCall[], candidate: Candidate): RuleSuggestion | null {
  const { rule, sentence, askedBy, approvals } = candidate;
  const compiled = compileRule(rule, home);
  if (!compiled.ok) return null;
  const matched = asked.filter(({ input }) => compiled.matches(input));
  // SECURITY: one no among them, and the shape is not one that is always approved.
  if (matched.some(({ call }) => call.refused || call.risk === 'critical')) return null;
  const after = appendRule(text, rule);
  const trial = tryText(after);
  if (!trial.ok) return null;
  const covers = open.filter(({ input }) => compiled.matches(input) && trial.evaluate(input).effect === 'allow');
  const [newest] = covers;
  const oldest = covers[covers.length - 1];
  if (newest === undefined || oldest === undefined || covers.filter(({ call }) => call.approved).length < approvals) return null;
  return {
    rule,
    sentence: `Approved ${approvals} times, always the same shape. ${sentence}`,
    approvals,
    asked_by: [...askedBy],
    first_at: iso(oldest),
    last_at: iso(newest),
    covered: covers.length,
    covers: covers.slice(0, MOST_SHOWN).map((each) => {
      const { call_id, agent, summary } = each.call;
      return { call_id, at: iso(each), agent, summary };
    }),
    diff: unifiedDiff(text, after),
  };
}

const iso = ({ call }: AskedCall) => new Date(call.at).toISOString();

/** Of two that cover the same calls the narrower stays; one that covers a part of another's goes. The narrower come first where both count alike. */
function withoutNarrower(suggestions: readonly RuleSuggestion[]): RuleSuggestion[] {
  const sets = suggestions.map((suggestion) => new Set(suggestion.covers.map(({ call_id }) => call_id)));
  const isWithin = (one: number, other: number) =>
    [...(sets[one] ?? [])].every((id) => sets[other]?.has(id) === true) &&
    ((sets[one]?.size ?? 0) < (sets[other]?.size ?? 0) || other < one);
  return suggestions.filter((_suggestion, one) => !suggestions.some((_other, other) => other !== one && isWithin(one, other)));
}
