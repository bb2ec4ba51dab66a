import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { RuleReport } from '../../../shared/domain/policy-replay.ts';
import type { PolicyInput, PolicyTrial } from './policy.ts';

interface Tally {
  matches: number;
  decided: number;
  examples: number;
  lastMatch: number | null;
  readonly by: Map<string, number>;
}

interface History {
  readonly now: number;
  readonly staleDays: number;
  /** The oldest call that was looked at; null without any. */
  readonly since: number | null;
}

export interface RuleTallies {
  add(call: JudgedCall, input: PolicyInput): void;
  report(history: History): RuleReport[];
}

const DAY = 86_400_000;

/** Counts for each rule which calls and examples it matches, and whether it was the one that decided. */
export function createRuleTallies(trial: Extract<PolicyTrial, { ok: true }>): RuleTallies {
  const tallies = new Map<string, Tally>(
    trial.rules.map(({ id }) => [id, { matches: 0, decided: 0, examples: 0, lastMatch: null, by: new Map() }]),
  );
  for (const input of trial.examples) for (const { id } of trial.matching(input)) count(tallies.get(id), 'examples');

  return {
    add(call, input) {
      const { rule: decided, profile } = trial.evaluate(input);
      for (const { id } of trial.matching(input, profile)) {
        const tally = tallies.get(id);
        if (tally === undefined) continue;
        tally.matches += 1;
        tally.lastMatch = Math.max(tally.lastMatch ?? call.at, call.at);
        if (decided === id) tally.decided += 1;
        else tally.by.set(decided, (tally.by.get(decided) ?? 0) + 1);
      }
    },
    report: (history) =>
      trial.rules.flatMap((rule) => {
        const tally = tallies.get(rule.id);
        return tally === undefined ? [] : [reportOf(rule, tally, history)];
      }),
  };
}

function count(tally: Tally | undefined, key: 'examples'): void {
  if (tally !== undefined) tally[key] += 1;
}

function reportOf(rule: PolicyRule, tally: Tally, history: History): RuleReport {
  const finding = findingOf(tally, history);
  const by = [...tally.by].map(([id, calls]) => ({ rule: id, calls })).sort((one, other) => other.calls - one.calls);
  return {
    id: rule.id,
    effect: rule.effect,
    matches: tally.matches,
    decided: tally.decided,
    examples: tally.examples,
    last_match: tally.lastMatch === null ? null : new Date(tally.lastMatch).toISOString(),
    finding,
    by: finding === 'shadowed' ? by.slice(0, 10) : [],
    advice: adviceOf(rule, finding, history, by[0]?.rule),
  };
}

/** A rule that only an example matches is stale once there is history enough to say so. */
function findingOf(tally: Tally, { now, staleDays, since }: History): RuleReport['finding'] {
  const limit = now - staleDays * DAY;
  if (tally.matches === 0 && tally.examples === 0) return 'never';
  if (tally.matches > 0 && tally.decided === 0) return 'shadowed';
  const last = tally.lastMatch ?? (since !== null && since < limit ? Number.NEGATIVE_INFINITY : null);
  return last !== null && last < limit ? 'stale' : null;
}

function adviceOf({ effect }: PolicyRule, finding: RuleReport['finding'], { staleDays }: History, by: string | undefined): string {
  const isSafeguard = effect !== 'allow';
  switch (finding) {
    case null:
      return '';
    case 'never':
      return isSafeguard
        ? 'No call and no example matches it. A safeguard may wait for long; give it an example that shows what it stops.'
        : 'No call and no example matches it. Look whether its patterns say what was meant, or take it out.';
    case 'shadowed':
      return `Each time that it matched, ${by === undefined ? 'another rule' : `\`${by}\` or another`} decided. ${isSafeguard ? 'It would matter only without that one.' : 'Without it nothing would have been decided differently.'}`;
    case 'stale':
      return isSafeguard
        ? `No call matched it for ${staleDays} days. That is no reason to take a safeguard out.`
        : `No call matched it for ${staleDays} days. Take it out if it is no longer needed.`;
  }
}
