import { AppError } from '../../../shared/errors.ts';
import type { ApprovalDecision } from '../../../shared/domain/approval.ts';
import type { CallRecord, Operand, Verdict } from '../../../shared/domain/call.ts';
import type { Grant } from '../../../shared/domain/grant.ts';
import type { ApprovalId, Digest } from '../../../shared/domain/identity.ts';
import type { EffectiveSandbox } from '../../../shared/domain/sandbox.ts';
import { isGrantable } from '../approvals/grantable.ts';
import type { Clearance, Denial, PipelineDeps, ResolvedCall, Step } from './call-context.ts';
import { policyInput } from './judge-call.ts';

/** Step 3: asks the operator if the verdict says so, then checks again everything that may have changed while the call waited. */
export async function approveCall(deps: PipelineDeps, call: ResolvedCall, verdict: Verdict): Promise<Step<Clearance>> {
  const record = { ...call.record, verdict };
  const granted = deps.grants.find(record, deps.policy.withReach(policyInput(deps, call), verdict.profile));
  // SECURITY: a standing no counts whatever the rules allow.
  if (granted?.grant.effect === 'deny') return refusedBefore(granted.grant, record);
  if (verdict.effect === 'allow') return { ok: true, value: { verdict, approval: null, grant: null } };
  if (granted !== null && isGrantable('allow', { risk: call.tool.risk, rule: verdict.rule }) && deps.decidesAlone())
    return { ok: true, value: { verdict, approval: null, grant: { id: granted.grant.id, signal: granted.signal } } };

  const confinement = deps.confinement();
  call.incoming.reportProgress('Waiting for the operator to decide.');
  const decision = await deps.broker.ask(record, verdict, { signal: call.incoming.signal, connection: call.incoming.connection });

  switch (decision.result) {
    case 'approved':
      return await recheck(deps, call, { verdict, approval: decision.approval, grant: null }, confinement);
    // SECURITY: approval off still leaves every check of what may have changed.
    case 'skipped':
      return await recheck(deps, call, { verdict, approval: null, grant: null }, confinement);
    case 'pregranted':
      return await recheck(deps, call, { verdict, approval: { id: decision.approval.id, digest: null }, grant: null }, confinement);
    case 'denied':
    case 'expired':
    case 'cancelled': {
      const denial: Denial = {
        outcome: decision.result,
        rule: verdict.rule,
        reason: decision.reason,
        nextStep: nextSteps[decision.result],
        isRecorded: true,
      };
      return { ok: false, denial, record: { ...record, approval_id: decision.approval.id } };
    }
    case 'refused':
      return {
        ok: false,
        denial: {
          outcome: 'denied',
          rule: decision.rule,
          reason: decision.reason,
          nextStep: decision.nextStep,
          ...(decision.retryAfterMs === undefined ? {} : { retryAfterMs: decision.retryAfterMs }),
          isRecorded: decision.isCounted === true,
        },
        record,
      };
  }
}

function refusedBefore({ id, sentence }: Grant, record: CallRecord): Step<never> {
  const reason = `The operator has refused calls like this for a while: ${sentence}`;
  return { ok: false, denial: { outcome: 'denied', rule: `grant:${id}`, reason, nextStep: nextSteps.denied, isRecorded: false }, record };
}

const nextSteps = {
  denied: 'Do not repeat the call unchanged; ask the operator or do it another way.',
  expired: 'The operator can still allow the next try for 15 minutes: call again later.',
  cancelled: 'Call again if it is still wanted.',
} as const;

/** SECURITY: token, policy and operands are looked at again after the wait (THREATS rule 3). What changed makes the yes void. */
async function recheck(
  deps: PipelineDeps,
  call: ResolvedCall,
  clearance: Clearance,
  confinement: EffectiveSandbox,
): Promise<Step<Clearance>> {
  const drift = await driftOf(deps, call, confinement);
  if (drift === null) return { ok: true, value: clearance };
  const denial: Denial = {
    outcome: drift.outcome,
    rule: drift.rule,
    reason: drift.reason,
    nextStep: 'Call again; it will be judged as it is then.',
    isRecorded: false,
  };
  const record = { ...call.record, verdict: clearance.verdict, approval_id: clearance.approval?.id ?? null };
  if (clearance.approval !== null && clearance.approval.digest !== null)
    await voidApproval(deps, call, clearance.approval.id, denial, record);
  return { ok: false, denial: { ...denial, isRecorded: clearance.approval !== null && clearance.approval.digest !== null }, record };
}

async function driftOf(
  deps: PipelineDeps,
  call: ResolvedCall,
  confinement: EffectiveSandbox,
): Promise<{ outcome: 'denied' | 'cancelled'; rule: string; reason: string } | null> {
  const { signal, token } = call.incoming;
  if (signal.aborted)
    return {
      outcome: 'cancelled',
      rule: 'builtin:cancelled',
      reason: typeof signal.reason === 'string' ? signal.reason : 'The agent cancelled the call.',
    };
  if (!deps.isTokenActive(token.id)) return { outcome: 'denied', rule: 'builtin:token', reason: 'The token ended while the call waited.' };
  const now = deps.policy.evaluate(policyInput(deps, call));
  if (now.effect === 'deny')
    return { outcome: 'denied', rule: now.rule, reason: `The policy changed while the call waited: ${now.reason}` };
  // SECURITY: a yes to a command in the sandbox is none to the same command without one.
  if (call.resolution.argv !== null && confinement !== 'none' && deps.confinement() === 'none')
    return { outcome: 'denied', rule: 'builtin:not-confined', reason: 'The sandbox was turned off while the call waited.' };
  const lost = await lookAgain(call);
  return lost === null ? null : { outcome: 'denied', rule: 'builtin:drift', reason: lost };
}

/** SECURITY: what can no longer be looked at has changed, too; the yes must not stay behind unspent. */
async function lookAgain(call: ResolvedCall): Promise<string | null> {
  try {
    const isUnchanged = isSame(await call.resolution.rehash(), call.operands);
    return isUnchanged ? null : 'A file that the call runs or reads changed after the operator was asked.';
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'it could not be read';
    return `Something that the call runs, reads or writes is not what it was when the operator was asked: ${why}.`;
  }
}

function isSame(now: readonly Operand[], then: readonly Operand[]): boolean {
  const known = new Map<string, Digest>(then.map(({ path, sha256 }) => [path, sha256]));
  return now.length === then.length && now.every(({ path, sha256 }) => known.get(path) === sha256);
}

/** Ends an approved call that may no longer run: the approval and the call in one transaction. */
export async function voidApproval(
  deps: PipelineDeps,
  call: ResolvedCall,
  id: ApprovalId,
  denial: Denial,
  record: CallRecord,
): Promise<void> {
  const at = new Date(deps.clock.now()).toISOString();
  const decision: ApprovalDecision = { result: 'cancelled', by: 'gateway', channel: 'gateway', at, reason: denial.reason };
  await deps.store.commit({
    events: [
      {
        type: 'call.denied',
        actor: 'gateway',
        agent: call.record.agent,
        token_id: call.record.token_id,
        task_id: call.record.task_id,
        call_id: call.record.id,
        data: { tool: call.record.tool, outcome: denial.outcome, rule: denial.rule, reason: denial.reason, approval_id: id },
      },
    ],
    changes: [
      { kind: 'approval.void', id, decision },
      { kind: 'call.put', call: { ...record, state: 'finished', outcome: denial.outcome, reason: denial.reason, finished_at: at } },
    ],
  });
  deps.bus.changed('approvals');
  deps.bus.changed('calls');
}
