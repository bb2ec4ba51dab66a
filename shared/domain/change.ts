import { z } from 'zod';
import { AgentName, CallId, Digest, TaskId, Timestamp } from './identity.ts';
import { JobId } from './job.ts';

export const ChangeSetId = z
  .string()
  .regex(/^chg_[a-z0-9]{20}$/)
  .brand<'ChangeSetId'>();
export type ChangeSetId = z.infer<typeof ChangeSetId>;

/** One version of one path. Content is named by its hash and kept as a blob. */
export const FileVersion = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('file'), mode: z.number().int(), size: z.number().int().nonnegative(), sha256: Digest }),
  z.strictObject({ type: z.literal('symlink'), target: z.string() }),
  z.strictObject({ type: z.literal('directory'), mode: z.number().int() }),
]);
export type FileVersion = z.infer<typeof FileVersion>;

export const ChangeKind = z.enum(['created', 'modified', 'deleted', 'renamed', 'mode', 'symlink']);
export type ChangeKind = z.infer<typeof ChangeKind>;

/**
 * `applied`: in the real tree. `held`: waits for the operator. `conflict`: waits too, because the real file changed meanwhile.
 * `dropped`: refused; only the agent's own view ever had it. `undone`: was applied and is put back. `failed`: could not be applied.
 */
export const EntryState = z.enum(['pending', 'applied', 'held', 'conflict', 'dropped', 'undone', 'failed']);
export type EntryState = z.infer<typeof EntryState>;

export const ChangeEntry = z.strictObject({
  workspace: z.string().describe('The folder it lies in, absolute.'),
  path: z.string().describe('Absolute.'),
  from: z.string().nullable().describe('For `renamed`: where it was.'),
  kind: ChangeKind,
  before: FileVersion.nullable().describe(
    'The real tree’s version when the call changed it, for `renamed` that of `from`; null: nothing was there.',
  ),
  after: FileVersion.nullable().describe('What the call left; null: deleted.'),
  state: EntryState,
  rule: z.string().describe('What decided: a rule of policy.yaml, or `builtin:…`.'),
  reason: z.string(),
  is_text: z.boolean().describe('Whether a text difference can be shown.'),
  lines: z.strictObject({ added: z.number().int(), removed: z.number().int() }).nullable(),
  tools: z.array(z.string()).default([]).describe('The tools by whose rules it was judged; none: not recorded yet then.'),
  made_by: CallId.nullable().default(null).describe('The call, or the call of the job, that made it; null: one of `writers`.'),
});
export type ChangeEntry = z.infer<typeof ChangeEntry>;

/** A call or a job that could write in the layer when a set was collected from it. */
export const ChangeWriter = z.strictObject({ call_id: CallId, job_id: JobId.nullable(), tool: z.string() });
export type ChangeWriter = z.infer<typeof ChangeWriter>;

/** `applying` and `undoing` are the journal: a start-up that finds one completes it or rolls it back. */
export const ChangeSetState = z.enum(['applying', 'applied', 'held', 'partly_held', 'dropped', 'undoing', 'undone', 'rolled_back']);
export type ChangeSetState = z.infer<typeof ChangeSetState>;

export const ChangeSet = z.strictObject({
  id: ChangeSetId,
  digest: Digest.describe('SHA-256 over the canonical entries (path, from, before, after) as they are now; a decision must echo it.'),
  call_id: CallId,
  task_id: TaskId,
  agent: AgentName,
  tool: z.string(),
  summary: z.string().describe('The command or the file, in short.'),
  workspace: z.string().describe('Of the first entry.'),
  state: ChangeSetState,
  entries: z.array(ChangeEntry),
  writers: z.array(ChangeWriter).default([]).describe('Who can have made the changes: calls and jobs of one task share its layer.'),
  undoable: z.boolean().describe('False once its pre-images were let go for space.'),
  created_at: Timestamp,
  decided_at: Timestamp.nullable(),
});
export type ChangeSet = z.infer<typeof ChangeSet>;
