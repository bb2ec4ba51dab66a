import { z } from 'zod';
import { JsonObject } from '../json.ts';
import { Risk, Scope } from './identity.ts';
import { VerdictEffect } from './call.ts';
import { ChangeKind } from './change.ts';
import { ArgumentConstraint, ArgumentPath, MetadataKey, Pattern, patterns, PolicyLabel, TimeSpan } from './policy-conditions.ts';
import { ProfileName } from './sandbox.ts';

/** A call that nobody made, and what the file must say of it. What is missing is `example`, `local`, /workspace and a Monday noon. */
export const PolicyExample = z.strictObject({
  tool: z.string(),
  args: JsonObject,
  effect: VerdictEffect,
  agent: z.string().min(1).max(200).optional(),
  workspace: z.string().startsWith('/', 'use an absolute path').optional(),
  target: z.string().min(1).max(200).optional(),
  target_metadata: z.record(MetadataKey, z.string()).optional(),
  labels: z.array(PolicyLabel).max(20).optional(),
  hosts: z.array(z.string().min(1).max(260)).max(200).optional().describe('Beside those in the arguments.'),
  at: z.iso.datetime({ offset: true, local: true }).optional().describe('An instant; without Z or an offset, by this machine’s own clock.'),
});
export type PolicyExample = z.infer<typeof PolicyExample>;

const RuleId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use 1–64 lower-case letters, digits and dashes');

/** Keys are ANDed, lists are ORed; a rule without a key does not look at it. */
export const PolicyRule = z.strictObject({
  id: RuleId,
  effect: VerdictEffect,
  reason: z.string().min(1).max(500).optional().describe('Shown to the operator and told to the agent.'),
  tools: patterns.optional(),
  agents: patterns.optional(),
  risk: z.array(Risk).min(1).optional(),
  scopes: z.array(Scope).min(1).optional(),
  targets: patterns.optional(),
  paths: patterns.optional().describe('Matched against every resolved absolute path that the call touches; `~/` is the operator’s home.'),
  commands: patterns.optional().describe('Matched against each command of a parsed command line, its words joined by single spaces.'),
  workspaces: patterns.optional().describe('Matched against the workspace that the call works in.'),
  hosts: patterns
    .optional()
    .describe(
      'Matched against every host that the call may reach. A rule that allows must cover each of them; one is enough to ask or deny.',
    ),
  target_metadata: z
    .record(MetadataKey, patterns)
    .refine((map) => Object.keys(map).length > 0, 'name at least one key')
    .optional()
    .describe('Every key named must be among the target’s metadata, with a value that matches.'),
  arguments: z
    .record(ArgumentPath, ArgumentConstraint)
    .refine((map) => Object.keys(map).length > 0, 'name at least one argument')
    .optional()
    .describe('By dotted path into the call’s arguments. All must hold.'),
  times: z.array(TimeSpan).min(1).max(50).optional().describe('One of these must hold when the call is judged.'),
  labels: z.array(PolicyLabel).min(1).max(20).optional().describe('The task carries all of them.'),
  overrides: z
    .array(RuleId)
    .min(1)
    .max(50)
    .optional()
    .describe('Of a rule that allows: the rules that ask whose question it answers. Never one that denies.'),
  profile: ProfileName.optional().describe(
    'The sandbox of a command that runs because of this rule; with `read-only` it cannot change its workspace.',
  ),
  examples: z
    .array(PolicyExample)
    .max(50)
    .optional()
    .describe('Checked when the file is loaded: a rule that does not do what its examples say is an error.'),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

/** Why a change is held unless a rule says otherwise: what the host may later execute or trust. The first group goes by names. */
export const ChangeClass = z.enum([
  'git',
  'hooks',
  'agent',
  'editor',
  'ci',
  'shell',
  'startup',
  'container',
  'lockfile',
  'package',
  'build',
  'dependencies',
  'dotfile',
  'executable',
  'privileged-mode',
  'symlink',
  'bare-repository',
]);
export type ChangeClass = z.infer<typeof ChangeClass>;

/** `apply`: into the real tree at once. `hold`: waits for the operator. `drop`: stays in the agent’s own view. */
export const ChangeEffect = z.enum(['apply', 'hold', 'drop']);
export type ChangeEffect = z.infer<typeof ChangeEffect>;

export const ChangeExample = z.strictObject({
  path: z.string().min(1).describe('Relative paths start at a workspace that is called /workspace.'),
  kind: ChangeKind.default('modified'),
  effect: ChangeEffect,
});

/** What becomes of a change that a call made in a workspace. Keys are ANDed, lists are ORed. */
export const ChangeRule = z.strictObject({
  id: PolicyRule.shape.id,
  effect: ChangeEffect,
  reason: PolicyRule.shape.reason,
  paths: patterns.optional().describe('Matched against the absolute path; `~/` is the operator’s home.'),
  agents: patterns.optional(),
  tools: patterns.optional(),
  kinds: z.array(ChangeKind).min(1).optional(),
  classes: z
    .array(ChangeClass)
    .min(1)
    .optional()
    .describe('Built-in classes. A rule that applies must name every class that would hold the change; without one it opens none.'),
  examples: z.array(ChangeExample).max(50).optional(),
});
export type ChangeRule = z.infer<typeof ChangeRule>;

export const PolicyFile = z.strictObject({
  version: z.literal(1),
  private_paths: z
    .array(Pattern)
    .max(200)
    .optional()
    .describe('What a task that read one of these must not carry out unasked. Missing: the built-in list. Empty: nothing is private.'),
  rules: z.array(PolicyRule).max(1000),
  changes: z.array(ChangeRule).max(1000).optional(),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

export const PolicyProblem = z.strictObject({
  line: z.number().int().positive().nullable(),
  column: z.number().int().positive().nullable(),
  path: z.string().describe('Where in the document: `rules[2].effect`.'),
  message: z.string(),
});
export type PolicyProblem = z.infer<typeof PolicyProblem>;

/** What is in force, and what is wrong with the file if anything is. */
export const PolicyStatus = z.strictObject({
  file: z.string(),
  version: z.string().describe('SHA-256 of the text in force, first 12 digits; `deny-all` when nothing could be loaded.'),
  rules: z.number().int(),
  state: z.enum(['active', 'last_good', 'deny_all']),
  loaded_at: z.string(),
  problems: z.array(PolicyProblem),
});
export type PolicyStatus = z.infer<typeof PolicyStatus>;
