import type { CallRecord } from '../../../shared/domain/call.ts';
import { AppError } from '../../../shared/errors.ts';
import { approveCall } from './approve-call.ts';
import type { CallReply, Clearance, Denial, IncomingCall, PipelineDeps, ResolvedCall } from './call-context.ts';
import { collectChanges } from './collect-changes.ts';
import { enterTarget } from './enter-target.ts';
import { executeCall } from './execute-call.ts';
import { judgeCall } from './judge-call.ts';
import { recordDenial, recordIntent, recordResult } from './record-call.ts';
import { denialReply, resultReply, unavailableReply } from './replies.ts';
import { resolveCall } from './resolve-call.ts';
import { turnAway } from './turn-away.ts';

/**
 * The one story. Every call of every agent goes through here, top to bottom, and nothing else may execute a tool.
 *
 * It never throws: what goes wrong becomes a reply that says what happened, why, and what to do next.
 */
export async function handleToolCall(deps: PipelineDeps, incoming: IncomingCall): Promise<CallReply> {
  // SECURITY: while the log cannot be written, nothing is even looked at (THREATS rule 4).
  const closed = deps.gate.closedBecause();
  if (closed !== null) return unavailableReply(closed);
  // While everything is stopped, and when they come too fast, calls are not looked at either.
  const turnedAway = turnAway(deps, incoming);
  if (turnedAway !== null) return turnedAway;
  try {
    // 1 resolve: the tool, its arguments by its schema, paths and operands; one digest over all of it.
    const resolved = await resolveCall(deps, untilPanic(deps, incoming));
    if (!resolved.ok) return await deny(deps, resolved.denial, resolved.record);
    try {
      return await decideAndRun(deps, resolved.value);
    } finally {
      await resolved.value.resolution.release().finally(async () => resolved.value.layer.close());
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') return unavailableReply(error.message);
    throw error;
  }
}

/** SECURITY: whatever the call waits for, a panic ends it, as its agent could. */
function untilPanic({ panic }: PipelineDeps, incoming: IncomingCall): IncomingCall {
  return { ...incoming, signal: AbortSignal.any([incoming.signal, panic.signal()]) };
}

async function decideAndRun(deps: PipelineDeps, resolved: ResolvedCall): Promise<CallReply> {
  // 2 judge: what policy says, with its rule and reason.
  const judged = judgeCall(deps, resolved);
  if (!judged.ok) return await deny(deps, judged.denial, judged.record);
  const { call, verdict } = judged.value;

  // 3 approve: only if the verdict is to ask. The yes is bound to the digest and good for one use.
  const approved = await approveCall(deps, call, verdict);
  if (!approved.ok) return await deny(deps, approved.denial, approved.record);

  // The target, as it is now, still allows it and has room.
  const entered = await enterTarget(deps, call, approved.value);
  if (!entered.ok) return await deny(deps, entered.denial, entered.record);
  try {
    return await run(deps, call, approved.value);
  } finally {
    entered.value.leave();
  }
}

async function run(deps: PipelineDeps, call: ResolvedCall, clearance: Clearance): Promise<CallReply> {
  // 4 record: the intent is on disk, and the approval spent in the same transaction, before anything happens.
  const intent = await recordIntent(deps, call, clearance);
  if (!intent.ok) return await deny(deps, intent.denial, intent.record);

  // 5 execute, through the tool's adapter.
  const executed = await executeCall(deps, intent.value);

  // 6 collect: what it changed in its layer is applied, held for the operator, or dropped, as policy says.
  const execution = await collectChanges(deps, intent.value, executed);

  // 7 record: a result that is not on disk is withheld, and no further call is taken.
  const recorded = await recordResult(deps, intent.value, execution);
  if (!recorded) return unavailableReply('The result could not be recorded, so it is withheld.');

  // 8 reply.
  return resultReply(execution);
}

async function deny(deps: PipelineDeps, denial: Denial, record: CallRecord): Promise<CallReply> {
  if (!denial.isRecorded) await recordDenial(deps, denial, record);
  return denial.rule === 'builtin:unknown-tool' ? { kind: 'unknown_tool' } : denialReply(denial);
}
