import type { Verdict } from '../../../shared/domain/call.ts';
import type { PolicyInput } from '../policy/policy.ts';
import type { PipelineDeps, ResolvedCall, Step } from './call-context.ts';

/** Step 2: what policy says of the resolved call. Scopes were looked at before; here the file's rules decide. */
export function judgeCall(deps: PipelineDeps, call: ResolvedCall): Step<Verdict> {
  const verdict = deps.policy.evaluate(policyInput(call));
  if (verdict.effect !== 'deny') return { ok: true, value: verdict };
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

/** The view of a call that policy matches on. */
export function policyInput(call: ResolvedCall): PolicyInput {
  return {
    tool: call.tool.name,
    agent: call.incoming.token.agent,
    risk: call.tool.risk,
    scope: call.tool.scope,
    target: call.resolution.target,
    paths: call.resolution.preview.paths.map(({ path }) => path),
    commands: call.resolution.commands,
    unparsed: call.resolution.preview.unparsed,
  };
}
