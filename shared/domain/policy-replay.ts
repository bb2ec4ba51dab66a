import { z } from 'zod';
import { VerdictEffect } from './call.ts';
import { AgentName, CallId, Timestamp } from './identity.ts';
import { PolicyProblem, PolicyRule } from './policy.ts';

const count = z.number().int().nonnegative();

const Said = z.strictObject({ effect: VerdictEffect, rule: z.string(), profile: z.string() });

/** A recorded call that another text would have decided differently. */
export const ReplayedCall = z.strictObject({
  call_id: CallId,
  at: Timestamp,
  agent: AgentName,
  tool: z.string(),
  summary: z.string(),
  before: Said.describe('What was decided then.'),
  after: Said,
  reason: z.string().describe('Of what would be decided.'),
  direction: z.enum(['stricter', 'looser', 'sandbox']).describe('`sandbox`: the same, but in another sandbox.'),
  by_this_text: z.boolean().describe('False when the policy in force would decide so already: it was changed since the call.'),
});
export type ReplayedCall = z.infer<typeof ReplayedCall>;

/** One page of a replay, newest calls first. */
export const ReplayPage = z.strictObject({
  version: z.string(),
  problems: z.array(PolicyProblem).describe('Not empty: nothing was replayed.'),
  recorded: count.nullable().describe('How many calls there are in all, about; on the first page.'),
  calls: count.describe('Looked at on this page.'),
  worked_out: count.describe('Of those, calls of before it was kept what policy saw: worked out from their arguments.'),
  skipped: count.describe('Calls of tools that no longer exist.'),
  stricter: count,
  looser: count,
  sandbox: count,
  changed: z.array(ReplayedCall).describe('At most as many as asked for; the counts are whole.'),
  until: Timestamp.nullable().describe('When the oldest call of the page was judged.'),
  next: z.number().int().nullable().describe('`from` of the next page; null after the last.'),
});
export type ReplayPage = z.infer<typeof ReplayPage>;

/** What history says of one rule. */
export const RuleReport = z.strictObject({
  id: z.string(),
  effect: VerdictEffect,
  matches: count,
  decided: count.describe('Times that it was the one that decided.'),
  examples: count.describe('Examples of the file that it matches.'),
  last_match: Timestamp.nullable(),
  finding: z
    .enum(['never', 'shadowed', 'stale'])
    .nullable()
    .describe('`never`: no call and no example. `shadowed`: another rule decided each time. `stale`: no call for long.'),
  by: z.array(z.strictObject({ rule: z.string(), calls: count })).describe('Of a shadowed rule: what decided instead.'),
  advice: z.string(),
});
export type RuleReport = z.infer<typeof RuleReport>;

/** A rule that would have spared the operator questions that were always answered alike. */
export const RuleSuggestion = z.strictObject({
  rule: PolicyRule,
  sentence: z.string(),
  approvals: count,
  asked_by: z.array(z.string()).describe('The rules whose question it would answer.'),
  first_at: Timestamp,
  last_at: Timestamp,
  covered: count,
  covers: z
    .array(z.strictObject({ call_id: CallId, at: Timestamp, agent: AgentName, summary: z.string() }))
    .describe('The recorded calls that would not have been asked about; the newest 200.'),
  diff: z.string(),
});
export type RuleSuggestion = z.infer<typeof RuleSuggestion>;

export const GardenReport = z.strictObject({
  version: z.string(),
  problems: z.array(PolicyProblem),
  calls: count,
  since: Timestamp.nullable(),
  is_whole: z.boolean().describe('False when there are older calls that were not looked at.'),
  rules: z.array(RuleReport),
  suggestions: z.array(RuleSuggestion),
});
export type GardenReport = z.infer<typeof GardenReport>;
