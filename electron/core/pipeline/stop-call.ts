import type { Channel } from '../../../shared/domain/approval.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import type { ApprovalBroker } from '../approvals/approval-broker.ts';
import type { RunningCalls } from './running-calls.ts';

const reason = 'The operator stopped the call.';

/** Ends a call for the operator: a running one is killed, a waiting one is denied. False when it had already ended. */
export async function stopCall(
  { running, broker }: { readonly running: RunningCalls; readonly broker: ApprovalBroker },
  id: CallId,
  channel: Channel,
): Promise<boolean> {
  if (running.stop(id, reason)) return true;
  const waiting = (await broker.list({ state: 'pending', limit: 1000 })).find((approval) => approval.call_id === id);
  if (waiting === undefined) return false;
  await broker.decide({ id: waiting.id, digest: waiting.digest, result: 'denied', channel, reason });
  return true;
}
