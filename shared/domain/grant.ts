import { z } from 'zod';
import { ApprovalId, Digest, TaskId, Timestamp, TokenId } from './identity.ts';
import { PolicyRule } from './policy.ts';

export const GrantId = z
  .string()
  .regex(/^gnt_[a-z0-9]{16}$/)
  .brand('GrantId');
export type GrantId = z.infer<typeof GrantId>;

/** How long a decision goes on counting. `once` leaves nothing behind; `always` becomes a rule of policy.yaml; the rest are grants. */
export const grantDurations = ['once', 'task', '15m', '1h', 'until-quit', 'always'] as const;
export const GrantDuration = z.enum(grantDurations);
export type GrantDuration = z.infer<typeof GrantDuration>;

/** `exact`: this very call, its files unchanged. `similar`: calls of the same shape, as the offered rule says. */
export const GrantBreadth = z.enum(['exact', 'similar']);
export type GrantBreadth = z.infer<typeof GrantBreadth>;

export const GrantEffect = z.enum(['allow', 'deny']);
export type GrantEffect = z.infer<typeof GrantEffect>;

/**
 * What a decision would become if it is to count for longer, shown before it is given. The hash covers the rule and what else bounds it, so that
 * what is given is what was shown.
 */
export const GrantOffer = z.strictObject({
  effect: GrantEffect,
  breadth: GrantBreadth,
  sentence: z.string().describe('The rule in words.'),
  rule: PolicyRule,
  durations: z.array(GrantDuration).describe('`once` is always among them.'),
  hash: Digest,
  diff: z.string().nullable().describe('For `always`: what policy.yaml would gain, as a unified difference; null where it is not offered.'),
  policy_version: z.string(),
});
export type GrantOffer = z.infer<typeof GrantOffer>;

/** A remembered, bounded decision. Held in memory only: a restart ends it. */
export const Grant = z.strictObject({
  id: GrantId,
  effect: GrantEffect,
  sentence: z.string(),
  rule: PolicyRule,
  call_digest: Digest.nullable().describe('Set when it counts for one exact call only.'),
  duration: z.enum(['task', '15m', '1h', 'until-quit']),
  token_id: TokenId,
  task_id: TaskId.nullable().describe('Set when it ends with a task.'),
  approval_id: ApprovalId,
  channel: z.string(),
  created_at: Timestamp,
  expires_at: Timestamp.nullable().describe('Null: with the task, or when Gatehouse quits.'),
  uses: z.number().int().nonnegative(),
  last_used_at: Timestamp.nullable(),
});
export type Grant = z.infer<typeof Grant>;
