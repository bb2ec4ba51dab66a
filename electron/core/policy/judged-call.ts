import type { CallRecord } from '../../../shared/domain/call.ts';
import type { JudgedCall, JudgedInput } from '../../../shared/domain/judged.ts';
import type { PolicyInput } from './policy.ts';

/** Characters of the arguments that are kept a second time, for replays. */
const KEPT_ARGUMENTS = 8192;
const SUMMARY = 200;

/** What a record keeps of the input, so that another policy can judge the call as this one did. */
export const judgedInput = (input: PolicyInput): JudgedInput => ({
  at: input.now,
  commands: input.commands === null ? null : [...input.commands],
  hosts: [...input.hosts],
  target_metadata: { ...input.targetMetadata },
  labels: [...input.labels],
});

/** Null for a call that never came before the policy: an unknown tool, arguments that do not fit, a scope that the token lacks. */
export function judgedCall(record: CallRecord): JudgedCall | null {
  const { verdict, preview, judged } = record;
  if (verdict === null) return null;
  const isAsked = record.approval_id !== null;
  return {
    call_id: record.id,
    at: judged?.at ?? Date.parse(record.received_at),
    agent: record.agent,
    tool: record.tool,
    risk: record.risk,
    scope: record.scope,
    target: record.target,
    workspace: record.workspace,
    paths: preview?.paths.map(({ path }) => path) ?? [],
    commands: judged?.commands ?? null,
    unparsed: preview?.unparsed ?? false,
    hosts: judged?.hosts ?? [],
    target_metadata: judged?.target_metadata ?? {},
    labels: judged?.labels ?? [],
    arguments: JSON.stringify(record.arguments).length <= KEPT_ARGUMENTS ? record.arguments : null,
    summary: (preview?.command ?? preview?.paths[0]?.path ?? preview?.summary ?? record.tool).slice(0, SUMMARY),
    effect: verdict.effect,
    rule: verdict.rule,
    profile: verdict.profile,
    approved: isAsked && record.started_at !== null,
    refused: isAsked && record.started_at === null && record.outcome === 'denied',
    exact: judged !== undefined,
  };
}
