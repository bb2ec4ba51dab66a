import { retryStep } from '../rate/retry-step.ts';
import type { CallReply, IncomingCall, PipelineDeps } from './call-context.ts';
import { denialReply } from './replies.ts';

/**
 * Whether a call is looked at. One that is not is answered at once, is never queued, and has no record of its own: the log has one event for all of
 * them in 10 s, with their count. Null: it is.
 */
export function turnAway(deps: PipelineDeps, { token, tool: name }: IncomingCall): CallReply | null {
  const tool = deps.registry.get(name);
  const paced = { agent: token.agent, token_id: token.id, tool: name };
  // SECURITY: after a panic no token counts.
  if (deps.panic.since() !== null) {
    deps.refusals.count({ ...paced, tool: tool?.name ?? '(unknown)', type: 'panic.refused', limit: 'everything is stopped' });
    return denialReply({
      outcome: 'denied',
      rule: 'builtin:panic',
      reason: 'The operator stopped everything. No call is taken until they let go.',
      nextStep: 'Stop, and wait for the operator.',
      isRecorded: true,
    });
  }
  const tooSoon = deps.rates.checkCall(paced, tool);
  if (tooSoon === null) return null;
  const { reason, retryAfterMs } = tooSoon;
  return denialReply({
    outcome: 'denied',
    rule: 'builtin:rate',
    reason,
    nextStep: retryStep(retryAfterMs),
    retryAfterMs,
    isRecorded: true,
  });
}
