import { z } from 'zod';
import { RequestedScope, Scope } from './identity.ts';
import { MetadataKey, TimeSpan } from './policy-conditions.ts';
import { PolicyProblem } from './policy.ts';

/** What calls name a target by. */
export const TargetId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'use 1–64 lower-case letters, digits, dots, dashes or underscores, starting with a letter or digit',
  );

/** The target that always exists: the machine that Gatehouse runs on. */
export const localTarget = 'local';

/** `local`: this machine. `ssh`: another one, reached over SSH; this version has no way there yet. */
export const TargetType = z.enum(['local', 'ssh']);
export type TargetType = z.infer<typeof TargetType>;

/** Which programs an operation is made of there. */
export const TargetPlatform = z.enum(['debian', 'generic']);
export type TargetPlatform = z.infer<typeof TargetPlatform>;

/** Whether operations may use root rights there. */
export const SudoPolicy = z.enum(['never', 'ask', 'allow']);
export type SudoPolicy = z.infer<typeof SudoPolicy>;

export const TargetConstraints = z.strictObject({
  timeout_s: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe('Seconds after which a call on this target is killed. Missing: the tool’s own limit.'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Calls that run on it at a time; one more is refused at once. Missing: no limit.'),
  sudo: SudoPolicy.default('never').describe(
    'For operations that need root rights. never: refused. ask: the operator is always asked. allow: as policy says.',
  ),
  require_approval: z
    .union([z.boolean(), z.array(z.string().min(1).max(100)).max(100)])
    .default(false)
    .describe('true: every call here is put to the operator, whatever policy allows. A list: those tools, and those of that risk.'),
  maintenance_windows: z
    .array(TimeSpan)
    .max(50)
    .default([])
    .describe('When calls that change something (risk high or critical, or a scope :write or :admin) may run. Empty: at any time.'),
});
export type TargetConstraints = z.infer<typeof TargetConstraints>;

/** Where a target of type ssh is. */
export const TargetHost = z.strictObject({
  address: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65_535).default(22),
  user: z.string().min(1).max(64).optional(),
});

/** One entry of `targets.yaml`. */
export const TargetEntry = z.strictObject({
  id: z.string().optional().describe('The same as the entry’s own key.'),
  name: z.string().min(1).max(200).optional(),
  description: z.string().max(2000).optional(),
  type: TargetType.optional().describe('Missing: `local` for the entry called local, `ssh` for every other.'),
  host: TargetHost.optional().describe('Where it is; for the operator and, later, for the connection.'),
  platform: TargetPlatform.default('debian'),
  metadata: z
    .record(MetadataKey, z.string().max(1000))
    .default({})
    .describe('What policy can look at (`target_metadata`), and what approvers are told.'),
  capabilities: z
    .array(RequestedScope)
    .max(100)
    .describe('What can be done there at most, as scopes; `readonly` and `admin` stand for several.'),
  constraints: TargetConstraints.prefault({}),
});
export type TargetEntry = z.infer<typeof TargetEntry>;

export const TargetsFile = z.strictObject({
  version: z.literal(1).optional(),
  targets: z.record(z.string(), TargetEntry).describe('By id.'),
});
export type TargetsFile = z.infer<typeof TargetsFile>;

/** A target as calls are judged by it: the entry with its defaults, capabilities spelled out. */
export const Target = TargetEntry.omit({ id: true, type: true, capabilities: true }).extend({
  id: TargetId,
  type: TargetType,
  capabilities: z.array(Scope),
});
export type Target = z.infer<typeof Target>;

/** What is in force, and what is wrong with the file if anything is. */
export const TargetsStatus = z.strictObject({
  file: z.string(),
  version: z
    .string()
    .describe('SHA-256 of the text in force, first 12 digits; `none` without a file, `deny-all` when nothing could be loaded.'),
  state: z.enum(['active', 'last_good', 'deny_all']),
  loaded_at: z.string(),
  problems: z.array(PolicyProblem),
});
export type TargetsStatus = z.infer<typeof TargetsStatus>;

/** A target as the operator sees it. */
export const TargetView = Target.extend({
  is_built_in: z.boolean().describe('Not in the file: the machine itself, with everything that it can do.'),
  state: z.enum(['ready', 'no_executor']),
  state_reason: z.string().nullable().describe('Why nothing can run there, and what to do.'),
  running: z.number().int().describe('Calls that run there now.'),
  within_maintenance: z.boolean().describe('Whether calls that change something may run there now.'),
});
export type TargetView = z.infer<typeof TargetView>;
