import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { CommitUnit, StoreChange } from '../ports/store.ts';
import { auditedArguments } from './audited-arguments.ts';
import type { Clearance, Denial, Execution, IntendedCall, PipelineDeps, ResolvedCall, Step } from './call-context.ts';

/** Characters of a call's output that the Activity list keeps. */
const keptOutput = 65_536;

/** A denial's one audit event. Errors: `unavailable` when it cannot be written. */
export async function recordDenial(deps: PipelineDeps, denial: Denial, record: CallRecord): Promise<void> {
  const at = iso(deps);
  const { outcome, rule, reason } = denial;
  const data = {
    tool: record.tool,
    arguments: auditedArguments(record.arguments),
    outcome,
    rule,
    reason,
    risk: record.risk,
    digest: record.digest,
  };
  await deps.store.commit({
    events: [event('call.denied', 'gateway', record, data)],
    changes: [
      { kind: 'call.put', call: { ...record, state: 'finished', outcome, reason, finished_at: at } },
      ...(await taskChange(deps, record)),
    ],
  });
  deps.bus.changed('calls');
}

/** Step 4: the intent, durable, and the approval spent in the same transaction. Errors: `unavailable`, and then nothing runs. */
export async function recordIntent(
  deps: PipelineDeps,
  call: ResolvedCall,
  { verdict, approval, grant }: Clearance,
): Promise<Step<IntendedCall>> {
  const record: CallRecord = { ...call.record, verdict, approval_id: approval?.id ?? null, state: 'running', started_at: iso(deps) };
  const data = {
    tool: record.tool,
    arguments: auditedArguments(record.arguments),
    target: record.target,
    workspace: record.workspace,
    cwd: call.resolution.cwd,
    risk: record.risk,
    scopes: call.incoming.token.scopes,
    digest: record.digest,
    effect: verdict.effect,
    profile: verdict.profile,
    rule: verdict.rule,
    policy_version: verdict.policy_version,
    approval_id: approval?.id ?? null,
    grant_id: grant?.id ?? null,
    operands: call.operands.map(({ path, sha256 }) => ({ path, sha256 })),
  };
  const consume: StoreChange[] =
    approval === null || approval.digest === null ? [] : [{ kind: 'approval.consume', id: approval.id, digest: approval.digest }];
  const committed = await deps.store.commit({
    events: [event('execution.started', 'agent', record, data)],
    changes: [...consume, { kind: 'call.put', call: record }, ...(await taskChange(deps, record))],
  });
  deps.bus.changed('calls');
  if (committed.ok) {
    if (grant !== null) deps.grants.use(grant.id);
    const { signal } = call.incoming;
    return {
      ok: true,
      value: { call, record, profile: verdict.profile, signal: grant === null ? signal : AbortSignal.any([signal, grant.signal]) },
    };
  }
  const denial: Denial = {
    outcome: 'denied',
    rule: 'builtin:approval-spent',
    reason: 'The approval was already used or withdrawn.',
    nextStep: 'Call again to be asked again.',
    isRecorded: false,
  };
  return { ok: false, denial, record };
}

/** Step 7. False when the result is not on disk: it must be withheld, and the gate is closed until it has been written. */
export async function recordResult(deps: PipelineDeps, intended: IntendedCall, execution: Execution): Promise<boolean> {
  const { output, outcome, reason, durationMs } = execution;
  const record: CallRecord = {
    ...intended.record,
    state: 'finished',
    outcome,
    reason,
    change_set_id: execution.changes?.id ?? null,
    finished_at: iso(deps),
    output: {
      text: output.text.slice(0, keptOutput),
      truncated: output.truncated || output.text.length > keptOutput,
      exit_code: output.exitCode,
      bytes: output.bytes,
    },
  };
  const data = {
    tool: record.tool,
    outcome,
    reason,
    exit_code: output.exitCode,
    output_bytes: output.bytes,
    output_sha256: sha256Hex(output.text),
    truncated: output.truncated,
    duration_ms: Math.round(durationMs),
    change_set_id: execution.changes?.id ?? null,
    recording_sha256: execution.recording,
  };
  const unit: CommitUnit = {
    events: [event('execution.finished', 'gateway', record, data)],
    changes: [{ kind: 'call.put', call: record }],
  };
  try {
    await deps.store.commit(unit);
    return true;
  } catch {
    deps.gate.closeOver(
      unit,
      'The audit log cannot be written. Free disk space or repair the data directory; the gateway opens again by itself.',
    );
    return false;
  } finally {
    deps.bus.changed('calls');
  }
}

function iso(deps: PipelineDeps): string {
  return new Date(deps.clock.now()).toISOString();
}

function event(type: NewAuditEvent['type'], actor: NewAuditEvent['actor'], record: CallRecord, data: JsonObject): NewAuditEvent {
  return { type, actor, agent: record.agent, token_id: record.token_id, task_id: record.task_id, call_id: record.id, data };
}

async function taskChange(deps: PipelineDeps, record: CallRecord): Promise<StoreChange[]> {
  const task = await deps.tasks.forCall(record.token_id);
  return task.id === record.task_id ? [{ kind: 'task.put', task }] : [];
}
