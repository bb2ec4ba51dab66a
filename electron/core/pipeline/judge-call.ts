import type { Verdict } from '../../../shared/domain/call.ts';
import type { EffectiveSandbox } from '../../../shared/domain/sandbox.ts';
import { callHosts } from '../policy/call-hosts.ts';
import { judgedInput } from '../policy/judged-call.ts';
import type { PolicyInput } from '../policy/policy.ts';
import { askAnyway } from './ask-anyway.ts';
import type { PipelineDeps, ResolvedCall, Step } from './call-context.ts';

/** A call with what policy said of it. Its record holds what policy saw. */
export interface Judgement {
  readonly call: ResolvedCall;
  readonly verdict: Verdict;
}

/** Step 2: what policy says of the resolved call. Scopes were looked at before; here the file's rules decide. */
export function judgeCall(deps: PipelineDeps, resolved: ResolvedCall): Step<Judgement> {
  const input = policyInput(deps, resolved);
  const call = { ...resolved, record: { ...resolved.record, judged: judgedInput(input) } };
  const verdict = askAnyway(confined(deps.policy.evaluate(input), call, deps.confinement()), call);
  if (verdict.effect !== 'deny') return { ok: true, value: { call, verdict } };
  return {
    ok: false,
    denial: {
      outcome: 'denied',
      rule: verdict.rule,
      reason: verdict.reason,
      nextStep: 'Do it another way, or ask the operator to change the policy.',
      isRecorded: false,
    },
    record: { ...call.record, verdict },
  };
}

/**
 * SECURITY: rules allow commands because a sandbox holds them. Where there is none, nothing of theirs is left to rely on, and the operator is asked.
 * What the allowlist runs only reads, and it refuses the rest itself.
 */
function confined(verdict: Verdict, call: ResolvedCall, confinement: EffectiveSandbox): Verdict {
  if (verdict.effect !== 'allow' || call.resolution.argv === null || confinement !== 'none') return verdict;
  const reason = `There is no sandbox: it would run as you, without any isolation. In the sandbox the rule ${verdict.rule} allows it: ${verdict.reason}`;
  return { ...verdict, effect: 'ask', rule: 'builtin:not-confined', reason };
}

/** The view of a call that policy matches on. */
export function policyInput(deps: Pick<PipelineDeps, 'clock'>, call: ResolvedCall): PolicyInput {
  return {
    tool: call.tool.name,
    agent: call.incoming.token.agent,
    risk: call.tool.risk,
    scope: call.tool.scope,
    target: call.resolution.target,
    paths: call.resolution.preview.paths.map(({ path }) => path),
    commands: call.resolution.commands,
    unparsed: call.resolution.preview.unparsed,
    workspace: call.resolution.workspace,
    hosts: [...new Set([...callHosts(call.tool.scope, call.record.arguments), ...(call.resolution.hosts ?? [])])],
    targetMetadata: call.target.metadata,
    arguments: call.record.arguments,
    labels: [],
    now: deps.clock.now(),
  };
}
