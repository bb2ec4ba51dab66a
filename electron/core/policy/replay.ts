import type { VerdictEffect } from '../../../shared/domain/call.ts';
import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { ReplayedCall, ReplayPage } from '../../../shared/domain/policy-replay.ts';
import type { Store } from '../ports/store.ts';
import type { Policy, PolicyTrial } from './policy.ts';
import { judgedPages } from './judged-pages.ts';
import { policyVersion } from './policy-version.ts';
import { replayInput, type ReplayInputDeps } from './replay-input.ts';

export interface ReplayDeps extends ReplayInputDeps {
  readonly store: Pick<Store, 'call' | 'judgedCalls' | 'counts'>;
  readonly policy: Pick<Policy, 'trial' | 'evaluate' | 'rules'>;
}

export interface ReplayRequest {
  readonly text: string;
  /** What `next` was; null for the newest calls. */
  readonly from: number | null;
  /** Calls to look at. */
  readonly limit: number;
  /** Changed calls to list. */
  readonly most: number;
}

/** Runs a text over the recorded calls, a page at a time, and lists what it would have decided differently. Nothing is put in force. */
export interface Replay {
  page(request: ReplayRequest): Promise<ReplayPage>;
}

const STRICTNESS: Record<VerdictEffect, number> = { allow: 0, ask: 1, deny: 2 };
/** Verdicts of the policy itself. What else starts with `builtin:` was asked about for another reason, and would be again. */
const OWN = new Set(['builtin:no-rule', 'builtin:no-rules', 'builtin:unknown-tool', 'builtin:policy-unreadable']);

export const isAskedAnyway = (rule: string): boolean => rule.startsWith('builtin:') && !OWN.has(rule);

export function createReplay(deps: ReplayDeps): Replay {
  let last: { readonly text: string; readonly trial: PolicyTrial } | null = null;

  function trialOf(text: string): PolicyTrial {
    if (last?.text !== text) last = { text, trial: deps.policy.trial(text) };
    return last.trial;
  }

  return {
    async page({ text, from, limit, most }) {
      const trial = trialOf(text);
      const recorded = from === null ? (await deps.store.counts('')).calls : null;
      const page = { ...emptyPage(policyVersion(text)), recorded };
      if (!trial.ok) return { ...page, problems: [...trial.problems] };
      const needsArguments = [...trial.rules, ...deps.policy.rules()].some((rule) => rule.arguments !== undefined);
      for await (const { calls, next } of judgedPages(deps.store, from, limit)) {
        for (const call of calls) {
          if (deps.tools(call.tool) === null) page.skipped += 1;
          else note(page, await compare(deps, trial, call, needsArguments), most);
          if (!call.exact) page.worked_out += 1;
        }
        page.calls += calls.length;
        page.until = isoOf(calls[calls.length - 1]) ?? page.until;
        page.next = next;
      }
      return page;
    },
  };
}

const isoOf = (call: JudgedCall | undefined) => (call === undefined ? null : new Date(call.at).toISOString());

type Page = { -readonly [Key in keyof ReplayPage]: ReplayPage[Key] };

const emptyPage = (version: string): Page => ({
  version,
  problems: [],
  recorded: null,
  calls: 0,
  worked_out: 0,
  skipped: 0,
  stricter: 0,
  looser: 0,
  sandbox: 0,
  changed: [],
  until: null,
  next: null,
});

function note(page: Page, changed: ReplayedCall | null, most: number): void {
  if (changed === null) return;
  page[changed.direction] += 1;
  if (page.changed.length < most) page.changed.push(changed);
}

async function compare(
  deps: ReplayDeps,
  trial: Extract<PolicyTrial, { ok: true }>,
  call: JudgedCall,
  needsArguments: boolean,
): Promise<ReplayedCall | null> {
  const input = await replayInput(deps, call, needsArguments);
  const before = { effect: call.effect, rule: call.rule, profile: call.profile };
  const said = trial.evaluate(input);
  // Whatever else had it asked then would have it asked again.
  const isLifted = said.effect === 'allow' && isAskedAnyway(call.rule);
  const after = { effect: isLifted ? call.effect : said.effect, rule: isLifted ? call.rule : said.rule, profile: said.profile };
  const direction = directionOf(before, after);
  if (direction === null) return null;
  const now = deps.policy.evaluate(input);
  return {
    call_id: call.call_id,
    at: new Date(call.at).toISOString(),
    agent: call.agent,
    tool: call.tool,
    summary: call.summary,
    before,
    after,
    reason: said.reason,
    direction,
    by_this_text: now.effect !== said.effect || now.profile !== said.profile,
  };
}

type Said = ReplayedCall['before'];

/** Of what does not run, the sandbox is nothing. */
function directionOf(before: Said, after: Said): ReplayedCall['direction'] | null {
  const difference = STRICTNESS[after.effect] - STRICTNESS[before.effect];
  if (difference !== 0) return difference > 0 ? 'stricter' : 'looser';
  return after.effect === 'deny' || after.profile === before.profile ? null : 'sandbox';
}
