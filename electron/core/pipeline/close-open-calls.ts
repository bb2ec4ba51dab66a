import type { ApprovalDecision } from '../../../shared/domain/approval.ts';
import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallOutcome, CallRecord } from '../../../shared/domain/call.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommitUnit, Store, StoreChange } from '../ports/store.ts';

/** The most rows read at once; start-up goes on until none is left. */
const batch = 500;

/**
 * What a crash or a restart left open is closed before the first call is taken: a call that waited never ran (`not_executed`), one that had
 * started may have (`unknown_outcome`). Nothing pending survives, and nothing runs twice (THREATS rule 3). Returns how many.
 */
export async function closeOpenCalls({ store, clock }: { readonly store: Store; readonly clock: Clock }): Promise<number> {
  const at = new Date(clock.now()).toISOString();
  const decision: ApprovalDecision = {
    result: 'cancelled',
    by: 'gateway',
    channel: 'gateway',
    at,
    reason: 'The gateway restarted before the call ran.',
  };
  let closed = 0;
  for (;;) {
    const calls = await store.calls({ states: ['waiting', 'running'], limit: batch });
    if (calls.length === 0) return closed;
    for (const call of calls) {
      const approval = call.approval_id === null ? null : await store.approval(call.approval_id);
      const committed = await store.commit(closing(call, approval?.state ?? null, decision));
      if (!committed.ok)
        throw new AppError('conflict', `The open call ${call.id} could not be closed: its approval is not in the state that its row says.`);
      closed += 1;
    }
  }
}

function closing(call: CallRecord, approvalState: string | null, decision: ApprovalDecision): CommitUnit {
  const outcome: CallOutcome = call.state === 'waiting' ? 'not_executed' : 'unknown_outcome';
  const reason = outcome === 'not_executed' ? decision.reason : 'The gateway stopped while the call ran; whether it finished is not known.';
  const id = call.approval_id;
  const changes: StoreChange[] = [{ kind: 'call.put', call: { ...call, state: 'finished', outcome, reason, finished_at: decision.at } }];
  if (id !== null && approvalState === 'pending') changes.push({ kind: 'approval.decide', id, to: 'cancelled', decision });
  if (id !== null && approvalState === 'approved') changes.push({ kind: 'approval.void', id, decision });
  const type: NewAuditEvent['type'] = approvalState === 'pending' ? 'approval.cancelled' : 'call.closed';
  const data = { tool: call.tool, outcome, reason, approval_id: id };
  return {
    events: [{ type, actor: 'gateway', agent: call.agent, token_id: call.token_id, task_id: call.task_id, call_id: call.id, data }],
    changes,
  };
}
