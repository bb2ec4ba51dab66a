import { z } from 'zod';
import { JsonObject } from '../json.ts';
import { AgentName, ApprovalId, CallId, Digest, Risk, TaskId, Timestamp } from './identity.ts';
import { CallPreview } from './call.ts';

/**
 * The life of a request. `pending` is the only state that can change to a decision; `approved` can only become `consumed`,
 * in the transaction that writes the intent. Everything else is final.
 */
export const ApprovalState = z.enum(['pending', 'approved', 'consumed', 'denied', 'expired', 'cancelled']);
export type ApprovalState = z.infer<typeof ApprovalState>;

/** Where a decision came from. */
export const Channel = z.enum(['window', 'console', 'command-line', 'gateway', 'webhook', 'slack', 'discord', 'pagerduty']);
export type Channel = z.infer<typeof Channel>;

export const ApprovalDecision = z.strictObject({
  result: z.enum(['approved', 'denied', 'expired', 'cancelled']),
  by: z.string().describe('`operator`; `gateway` for time-outs, cancellations and restarts; else who answered on the channel.'),
  channel: Channel,
  at: Timestamp,
  reason: z.string(),
});
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

export const Approval = z.strictObject({
  id: ApprovalId,
  digest: Digest.describe('The approval digest; a decision must echo it.'),
  call_digest: Digest,
  call_id: CallId,
  task_id: TaskId,
  state: ApprovalState,
  agent: AgentName,
  tool: z.string(),
  arguments: JsonObject,
  target: z.string(),
  workspace: z.string().nullable(),
  risk: Risk,
  rule: z.string().describe('The id of the policy rule that asked.'),
  reason: z.string().describe('Why that rule asks.'),
  policy_version: z.string(),
  preview: CallPreview,
  created_at: Timestamp,
  expires_at: Timestamp,
  agent_connected: z.boolean().describe('Whether the agent still waits for the answer.'),
  next_try_until: Timestamp.nullable().describe('Until when a yes can be given for the agent’s next identical call; null when it cannot.'),
  next_try_granted: z.boolean().describe('Whether that yes has been given and not used.'),
  endorsed: z
    .array(z.strictObject({ channel: Channel, by: z.string(), at: Timestamp }))
    .optional()
    .describe('With both-required: the yes that is there while the other is missing.'),
  decision: ApprovalDecision.nullable(),
});
export type Approval = z.infer<typeof Approval>;
