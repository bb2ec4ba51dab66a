import { z } from 'zod';
import { Verdict } from '../domain/call.ts';
import { AgentName, Risk, Scope } from '../domain/identity.ts';
import { PolicyProblem, PolicyRule, PolicyStatus } from '../domain/policy.ts';
import { GardenReport, ReplayPage } from '../domain/policy-replay.ts';
import { TargetsStatus, TargetView } from '../domain/target.ts';
import { JsonObject } from '../json.ts';
import { command, nothing, query, type Operation } from './operation.ts';

const policyText = z.string().max(1_000_000);
/** What a save did, or would do. With problems nothing was written. */
const policyChange = z.strictObject({
  ok: z.boolean(),
  problems: z.array(PolicyProblem),
  text: z.string(),
  diff: z.string().describe('From the text in force, as `diff -u` writes it.'),
  before: z.string().describe('Version of the text in force before.'),
  version: z.string(),
  rules: z.number().int(),
});

/** What may be done, and where: the policy and the targets. */
export const policyOperations = {
  'policy.get': query(
    nothing,
    z.strictObject({
      status: PolicyStatus,
      text: z.string(),
      rules: z.array(PolicyRule),
      held: z
        .strictObject({ text: z.string().nullable(), version: z.string(), problems: z.array(PolicyProblem) })
        .nullable()
        .describe('On a desktop: what another program put on disk, inactive until it is accepted.'),
      file_version: z.string().describe('Of what lies on disk now; a save names it.'),
    }),
  ),
  'policy.save': command('decide', z.strictObject({ text: policyText, expected_version: z.string() }), policyChange),
  'policy.append_rule': command(
    'decide',
    z.strictObject({ rule: PolicyRule, expected_version: z.string().describe('`file_version` as it was shown.') }),
    policyChange,
  ),
  'policy.preview_rule': query(z.strictObject({ rule: PolicyRule }), policyChange),
  'policy.replay': query(
    z.strictObject({
      text: policyText.nullable().describe('null: the text in force.'),
      from: z.number().int().nullable().default(null).describe('`next` of the page before; null for the newest calls.'),
      limit: z.number().int().min(1).max(10_000).default(2000).describe('Calls to look at.'),
      most: z.number().int().min(0).max(1000).default(200).describe('Changed calls to list.'),
    }),
    ReplayPage,
  ),
  'policy.garden': query(
    z.strictObject({
      text: policyText.nullable().default(null).describe('null: the text in force.'),
      stale_days: z.number().int().min(1).max(3650).default(90),
      calls: z.number().int().min(1).max(1_000_000).default(20_000).describe('The newest so many are looked at.'),
      least: z.number().int().min(2).max(1000).default(5).describe('Approvals of one shape before a rule is suggested.'),
    }),
    GardenReport,
  ),
  'policy.check': query(
    z.strictObject({ text: z.string().max(1_000_000).nullable().describe('null: the file on disk.') }),
    z.strictObject({ ok: z.boolean(), rules: z.number().int(), problems: z.array(PolicyProblem) }),
  ),
  'policy.accept': command('decide', z.strictObject({ version: z.string() }), z.strictObject({ version: z.string() })),
  'policy.explain': query(
    z.strictObject({
      tool: z.string(),
      args: JsonObject,
      agent: AgentName.optional(),
      target: z.string().optional(),
      workspace: z.string().optional(),
    }),
    z.strictObject({
      verdict: Verdict,
      risk: Risk,
      scope: Scope.nullable(),
      matched: z
        .array(z.strictObject({ id: z.string(), effect: z.string(), reason: z.string() }))
        .describe('Every rule that matched, strictest first.'),
      commands: z.array(z.string()).nullable(),
      paths: z.array(z.string()),
    }),
  ),

  'targets.list': query(
    nothing,
    z.strictObject({
      status: TargetsStatus,
      targets: z.array(TargetView).describe('What can be done where, `local` first.'),
      text: z.string().describe('The file in force; empty without one.'),
      held: z
        .strictObject({ text: z.string().nullable(), version: z.string(), problems: z.array(PolicyProblem) })
        .nullable()
        .describe('On a desktop: what another program put on disk, inactive until it is accepted.'),
    }),
  ),
  'targets.check': query(
    z.strictObject({ text: z.string().max(1_000_000).nullable().describe('null: the file on disk.') }),
    z.strictObject({ ok: z.boolean(), targets: z.number().int(), problems: z.array(PolicyProblem) }),
  ),
  'targets.accept': command('decide', z.strictObject({ version: z.string() }), z.strictObject({ version: z.string() })),
} as const satisfies Record<string, Operation>;
