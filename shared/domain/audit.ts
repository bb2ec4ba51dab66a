import { z } from 'zod';
import { JsonObject } from '../json.ts';
import { AgentName, CallId, Digest, TaskId, Timestamp, TokenId } from './identity.ts';

/**
 * Every event the log can hold, as `noun.past_participle`. A call ends with exactly one of the terminal events, whatever happens.
 */
export const auditEventTypes = [
  'gateway.started',
  'gateway.stopped',
  'gateway.recovered',
  'token.minted',
  'token.revoked',
  'token.rotated',
  'authentication.failed',
  'call.denied',
  'call.closed',
  'rate.limited',
  'panic.triggered',
  'panic.released',
  'panic.refused',
  'approval.requested',
  'approval.approved',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
  'approval.pregranted',
  'grant.given',
  'grant.ended',
  'approval.endorsed',
  'approval.skipped',
  'webhook.requested',
  'webhook.answered',
  'webhook.failed',
  'callback.refused',
  'alias.applied',
  'execution.started',
  'execution.finished',
  'call.input_sent',
  'egress.connected',
  'egress.refused',
  'certificate_authority.created',
  'job.started',
  'job.finished',
  'policy.loaded',
  'policy.rejected',
  'policy.held',
  'policy.accepted',
  'policy.saved',
  'targets.loaded',
  'targets.rejected',
  'targets.held',
  'targets.accepted',
  'config.changed',
  'config.held',
  'config.accepted',
  'permission.repaired',
  'client.connected',
  'console.opened',
  'console.refused',
  'operator.refused',
  'operator.authorized',
  'sandbox.probed',
  'sandbox.changed',
  'change_set.collected',
  'change_set.applied',
  'change_set.decided',
  'change_set.undone',
  'change_set.recovered',
] as const;
export const AuditEventType = z.enum(auditEventTypes);
export type AuditEventType = z.infer<typeof AuditEventType>;

export const terminalEventTypes = [
  'call.denied',
  'call.closed',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
  'execution.finished',
] as const satisfies readonly AuditEventType[];

/** An event before the writer gives it its place in the chain. */
export const NewAuditEvent = z.strictObject({
  type: AuditEventType,
  actor: z.enum(['agent', 'operator', 'gateway']),
  agent: AgentName.nullable(),
  token_id: TokenId.nullable(),
  task_id: TaskId.nullable(),
  call_id: CallId.nullable(),
  data: JsonObject,
});
export type NewAuditEvent = z.infer<typeof NewAuditEvent>;

/** The fields that are hashed, exactly as they are stored (RFC 8785 form). */
export const AuditBody = NewAuditEvent.extend({ v: z.literal(1), seq: z.number().int().positive(), time: Timestamp });
export type AuditBody = z.infer<typeof AuditBody>;

/** A stored row: `hash = SHA-256(previous hash ‖ stored bytes of the body)`; the first row's previous hash is 32 zero bytes. */
export const AuditEvent = AuditBody.extend({ hash: Digest });
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditProblem = z.strictObject({
  seq: z.number().int().nonnegative(),
  kind: z.enum(['gap', 'hash_mismatch', 'malformed', 'column_mismatch', 'reordered', 'truncated', 'unreadable']),
});
export type AuditProblem = z.infer<typeof AuditProblem>;

/** What `audit verify` answers. */
export const AuditVerification = z.strictObject({
  ok: z.boolean(),
  events: z.number().int().nonnegative(),
  head: z.strictObject({ seq: z.number().int().nonnegative(), hash: Digest }),
  anchor: z.enum(['none', 'file', 'keychain']).describe('Where the head is anchored outside the database.'),
  problems: z.array(AuditProblem),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
