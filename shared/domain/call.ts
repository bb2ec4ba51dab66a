import { z } from 'zod';
import { JsonObject } from '../json.ts';
import { ChangeSetId } from './change.ts';
import { AgentName, ApprovalId, CallId, Digest, Risk, Scope, TaskId, Timestamp, TokenId } from './identity.ts';
import { JudgedInput } from './judged.ts';

export const VerdictEffect = z.enum(['allow', 'ask', 'deny']);
export type VerdictEffect = z.infer<typeof VerdictEffect>;

/** What policy says of a call. Every verdict names its rule and its reason. */
export const Verdict = z.strictObject({
  effect: VerdictEffect,
  rule: z.string().describe('The id of the rule in policy.yaml, or `builtin:…` for what no file can change.'),
  reason: z.string(),
  profile: z.string().describe('The sandbox profile to run under.'),
  policy_version: z.string(),
});
export type Verdict = z.infer<typeof Verdict>;

/** A file whose content decides what a command does; hashed when the call is resolved and again just before it runs. */
export const Operand = z.strictObject({ path: z.string(), sha256: Digest });
export type Operand = z.infer<typeof Operand>;

/** A whole version of a file, of which a text may show only the beginning. */
export const WholeVersion = z.strictObject({
  bytes: z.number().int().nonnegative(),
  sha256: Digest,
  mode: z.number().int().describe('Permissions, without set-uid, set-gid and sticky.'),
});
export type WholeVersion = z.infer<typeof WholeVersion>;

/** What a write would do to a file. */
export const CallDifference = z.strictObject({
  path: z.string(),
  before: z.string().nullable().describe('The text that is there, its first 512 KiB; null: nothing, or no text.'),
  after: z.string().describe('The text that would be, its first 512 KiB.'),
  truncated: z.boolean().describe('Not all of it is in `before` and `after`.'),
  is_text: z.boolean().default(true).describe('False: what is there is no text, so that it cannot be shown, nor its replacement approved.'),
  whole: z
    .strictObject({ before: WholeVersion.nullable(), after: WholeVersion })
    .nullable()
    .default(null)
    .describe('Both versions whole, by size, hash and mode; null: the call is of before these were recorded.'),
});
export type CallDifference = z.infer<typeof CallDifference>;

/** What the operator is shown beside the arguments. Built from the resolved call, never from what the agent claims. */
export const CallPreview = z.strictObject({
  summary: z.string().describe('What the call does, in words of ours: `run a command`, `write a file`.'),
  command: z.string().nullable(),
  cwd: z.string().nullable(),
  paths: z.array(z.strictObject({ path: z.string(), access: z.enum(['read', 'write', 'list']), exists: z.boolean() })),
  operands: z.array(Operand),
  programs: z.array(z.string()).describe('argv[0] of every command found in the text.'),
  runs_unlisted: z.array(z.string()).describe('Programs in it that also run files which are not listed (make, npm, interpreters …).'),
  unparsed: z.boolean().describe('True when the command could not be parsed in full, so that the lists are incomplete.'),
  diff: CallDifference.nullable().describe('For writes: what is there, and what would be.'),
});
export type CallPreview = z.infer<typeof CallPreview>;

/** How a call ended. Denied is an outcome, not an error. */
export const CallOutcome = z.enum(['succeeded', 'failed', 'denied', 'expired', 'cancelled', 'invalid', 'not_executed', 'unknown_outcome']);
export type CallOutcome = z.infer<typeof CallOutcome>;

export const CallState = z.enum(['waiting', 'running', 'finished']);
export type CallState = z.infer<typeof CallState>;

/** One call as the Activity list shows it. The audit log is the evidence; this is the view. */
export const CallRecord = z.strictObject({
  id: CallId,
  task_id: TaskId.nullable(),
  token_id: TokenId,
  agent: AgentName,
  tool: z.string(),
  scope: Scope.nullable(),
  risk: Risk,
  target: z.string(),
  workspace: z.string().nullable(),
  arguments: JsonObject,
  digest: Digest.nullable(),
  preview: CallPreview.nullable(),
  verdict: Verdict.nullable(),
  judged: JudgedInput.optional().describe('What else policy saw of it, for replays.'),
  approval_id: ApprovalId.nullable(),
  change_set_id: ChangeSetId.nullable().default(null).describe('What it changed.'),
  state: CallState,
  outcome: CallOutcome.nullable(),
  reason: z.string().nullable(),
  received_at: Timestamp,
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  output: z
    .strictObject({ text: z.string(), truncated: z.boolean(), exit_code: z.number().int().nullable(), bytes: z.number().int() })
    .nullable()
    .describe('What the tool returned, capped for display.'),
});
export type CallRecord = z.infer<typeof CallRecord>;
