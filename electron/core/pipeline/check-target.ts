import type { AgentToken } from '../../../shared/domain/identity.ts';
import type { Target } from '../../../shared/domain/target.ts';
import { judgeTarget, type JudgedTool } from '../targets/target-rights.ts';
import type { Denial, PipelineDeps } from './call-context.ts';

/** What an agent is told to wait when a target is full. Milliseconds. */
const retryAfterMs = 5000;

/**
 * The target's part of a call's right, looked at before anything on the target is: the token names it, it has the capability, it is not outside its
 * maintenance windows, and it has room.
 */
export function checkTarget(
  deps: Pick<PipelineDeps, 'targets' | 'slots' | 'clock'>,
  token: Pick<AgentToken, 'targets'>,
  tool: JudgedTool,
  id: string,
): { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly denial: Denial } {
  const judged = judgeTarget({ registry: deps.targets, now: () => deps.clock.now() }, token, tool, id);
  if (!judged.ok) return { ok: false, denial: { outcome: 'denied', ...judged.refusal, isRecorded: false } };
  return deps.slots.hasRoom(judged.target) ? judged : { ok: false, denial: fullTarget(judged.target) };
}

export function fullTarget({ id, constraints }: Target): Denial {
  const most = (constraints.concurrency ?? 0).toString();
  return {
    outcome: 'denied',
    rule: 'builtin:concurrency',
    reason: `The target ${id} runs ${most} ${most === '1' ? 'call' : 'calls'} at a time, and they are running.`,
    nextStep: `Nothing was queued. Call again in ${(retryAfterMs / 1000).toString()} s.`,
    retryAfterMs,
    isRecorded: false,
  };
}
