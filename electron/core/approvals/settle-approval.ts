import type { ApprovalDecision } from '../../../shared/domain/approval.ts';
import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallOutcome, CallRecord } from '../../../shared/domain/call.ts';
import type { Store } from '../ports/store.ts';
import type { AskedCall } from './asked-call.ts';
import type { Waiting } from './waiting-requests.ts';

const outcomes = { denied: 'denied', expired: 'expired', cancelled: 'cancelled' } as const satisfies Record<string, CallOutcome>;

/** An event about one call. */
export function callEvent(
  type: NewAuditEvent['type'],
  call: AskedCall,
  actor: NewAuditEvent['actor'],
  data: NewAuditEvent['data'],
): NewAuditEvent {
  return { type, actor, agent: call.agent, token_id: call.token_id, task_id: call.task_id, call_id: call.id, data };
}

/** Writes a decision; true when it won the compare-and-swap. Its event ends the call too, unless it is a yes. */
export async function settleApproval(
  store: Pick<Store, 'commit'>,
  { approval, call }: Waiting,
  decision: ApprovalDecision,
): Promise<boolean> {
  const { result, channel, reason } = decision;
  const actor = channel === 'gateway' ? 'gateway' : 'operator';
  const ended: CallRecord | null =
    result === 'approved'
      ? null
      : { ...call, approval_id: approval.id, state: 'finished', outcome: outcomes[result], reason, finished_at: decision.at };
  const data = { approval_id: approval.id, digest: approval.digest, rule: approval.rule, channel, by: decision.by, reason };
  const committed = await store.commit({
    events: [callEvent(`approval.${result}`, call, actor, data)],
    changes: [
      { kind: 'approval.decide', id: approval.id, to: result, decision },
      ...(ended === null ? [] : [{ kind: 'call.put' as const, call: ended }]),
    ],
  });
  return committed.ok;
}
