import { z } from 'zod';
import { JsonObject } from '../json.ts';
import { AgentName, CallId, Risk, Scope } from './identity.ts';

/** What policy knew of a call beside what the record holds anyway. */
export const JudgedInput = z.strictObject({
  at: z.number().describe('Milliseconds of the wall clock.'),
  commands: z.array(z.string()).nullable(),
  hosts: z.array(z.string()),
  target_metadata: z.record(z.string(), z.string()),
  labels: z.array(z.string()),
});
export type JudgedInput = z.infer<typeof JudgedInput>;

/** A recorded call as another policy can judge it again: what policy saw, what it said, and what came of it. */
export const JudgedCall = z.strictObject({
  call_id: CallId,
  at: z.number(),
  agent: AgentName,
  tool: z.string(),
  risk: Risk,
  scope: Scope.nullable(),
  target: z.string(),
  workspace: z.string().nullable(),
  paths: z.array(z.string()),
  commands: z.array(z.string()).nullable(),
  unparsed: z.boolean(),
  hosts: z.array(z.string()),
  target_metadata: z.record(z.string(), z.string()),
  labels: z.array(z.string()),
  arguments: JsonObject.nullable().describe('Null when they are long: the call’s own record has them.'),
  summary: z.string().describe('The command, the path, or what the call does; at most 200 characters.'),
  effect: z.enum(['allow', 'ask', 'deny']),
  rule: z.string(),
  profile: z.string(),
  approved: z.boolean().describe('It was put to the operator and then started.'),
  refused: z.boolean().describe('It was put to the operator, who denied it.'),
  exact: z.boolean().describe('False for calls of before this was kept: what policy saw is then worked out from the arguments.'),
});
export type JudgedCall = z.infer<typeof JudgedCall>;
