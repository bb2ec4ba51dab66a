import { randomBytes } from 'node:crypto';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { ApprovalId } from '../../../shared/domain/identity.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import { randomId } from '../identity/random-id.ts';
import type { AskedCall } from './asked-call.ts';

/**
 * A request for this very call. Its digest covers the call’s digest, the request, its task, the policy version, the expiry and a nonce, so that a
 * decision can only be about this one request (THREATS rule 2).
 */
export function newApproval(call: AskedCall, verdict: Verdict, now: number, timeoutMs: number): Approval {
  const id = randomId('apr', 16) as ApprovalId;
  const expires_at = new Date(now + timeoutMs).toISOString();
  const bound = {
    call_digest: call.digest,
    request_id: id,
    task_id: call.task_id,
    policy_version: verdict.policy_version,
    expires_at,
    nonce: randomBytes(16).toString('hex'),
  };
  return {
    id,
    digest: sha256Hex(canonicalJson(bound)),
    call_digest: call.digest,
    call_id: call.id,
    task_id: call.task_id,
    state: 'pending',
    agent: call.agent,
    tool: call.tool,
    arguments: call.arguments,
    target: call.target,
    workspace: call.workspace,
    risk: call.risk,
    rule: verdict.rule,
    reason: verdict.reason,
    policy_version: verdict.policy_version,
    preview: call.preview,
    created_at: new Date(now).toISOString(),
    expires_at,
    agent_connected: true,
    next_try_until: null,
    next_try_granted: false,
    decision: null,
  };
}
