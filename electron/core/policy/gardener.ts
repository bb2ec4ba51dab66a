import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { GardenReport } from '../../../shared/domain/policy-replay.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import type { Policy, PolicyInput, PolicyTrial } from './policy.ts';
import { judgedPages } from './judged-pages.ts';
import { policyVersion } from './policy-version.ts';
import { replayInput, type ReplayInputDeps } from './replay-input.ts';
import { createRuleTallies } from './rule-tallies.ts';
import { suggestRules, type AskedCall } from './suggest-rules.ts';

export interface GardenerDeps extends ReplayInputDeps {
  readonly store: Pick<Store, 'call' | 'judgedCalls'>;
  readonly policy: Pick<Policy, 'trial' | 'text'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Absolute; what `~/` in a path pattern stands for. */
  readonly home: string;
}

export interface GardenRequest {
  /** Null: the text in force. */
  readonly text: string | null;
  /** A rule that no call matched for so long is stale. */
  readonly staleDays: number;
  /** The newest so many calls are looked at. */
  readonly calls: number;
  /** Approvals of one shape before a rule is suggested. */
  readonly least: number;
}

/** Questions that suggestions are made from: the newest so many. */
const MOST_ASKED = 20_000;

/** Looks through the recorded calls for rules that do nothing, and for questions that a rule could have answered. Changes nothing. */
export interface Gardener {
  garden(request: GardenRequest): Promise<GardenReport>;
}

export function createGardener(deps: GardenerDeps): Gardener {
  return {
    async garden({ text, staleDays, calls: most, least }) {
      const judged = text ?? deps.policy.text();
      const trial = deps.policy.trial(judged);
      const report: GardenReport = {
        version: policyVersion(judged),
        problems: [],
        calls: 0,
        since: null,
        is_whole: true,
        rules: [],
        suggestions: [],
      };
      if (!trial.ok) return { ...report, problems: [...trial.problems] };
      const tallies = createRuleTallies(trial);
      const asked: AskedCall[] = [];
      const seen = await eachCall(deps, trial, most, (call, input) => {
        tallies.add(call, input);
        if (call.effect === 'ask' && asked.length < MOST_ASKED) asked.push({ call, input });
      });
      return {
        ...report,
        calls: seen.calls,
        since: seen.since === null ? null : new Date(seen.since).toISOString(),
        is_whole: seen.isWhole,
        rules: tallies.report({ now: deps.clock.now(), staleDays, since: seen.since }),
        suggestions: suggestRules({ trial, text: judged, asked, least, home: deps.home, tryText: deps.policy.trial }),
      };
    },
  };
}

interface Seen {
  readonly calls: number;
  readonly since: number | null;
  readonly isWhole: boolean;
}

async function eachCall(
  deps: GardenerDeps,
  trial: Extract<PolicyTrial, { ok: true }>,
  most: number,
  look: (call: JudgedCall, input: PolicyInput) => void,
): Promise<Seen> {
  const needsArguments = trial.rules.some((rule) => rule.arguments !== undefined);
  let calls = 0;
  let since: number | null = null;
  let isWhole = true;
  for await (const rows of judgedPages(deps.store, null, most)) {
    for (const call of rows.calls) {
      if (deps.tools(call.tool) !== null) look(call, await replayInput(deps, call, needsArguments));
      since = Math.min(since ?? call.at, call.at);
    }
    calls += rows.calls.length;
    isWhole = rows.next === null;
  }
  return { calls, since, isWhole };
}
