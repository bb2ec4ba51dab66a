import type { ApprovalBroker } from '../core/approvals/approval-broker.ts';

const listLimit = 1000;

/** Denies whatever waits, in the gateway's name. Answers how many were denied; what ended meanwhile is not among them. */
export async function denyAllWaiting(broker: Pick<ApprovalBroker, 'list' | 'decide'>, reason: string): Promise<number> {
  const waiting = await broker.list({ state: 'pending', limit: listLimit });
  const results = await Promise.allSettled(
    waiting.map(({ id, digest }) => broker.decide({ id, digest, result: 'denied', channel: 'gateway', reason })),
  );
  return results.filter(({ status }) => status === 'fulfilled').length;
}
