import { z } from 'zod';
import { AgentName, CallId, TaskId, Timestamp } from './identity.ts';

export const JobId = z
  .string()
  .regex(/^job_[a-z0-9]{12}$/)
  .brand<'JobId'>();
export type JobId = z.infer<typeof JobId>;

/** A command that was left running in its task's sandbox. Jobs live in memory: none survives the gateway. */
export const Job = z.strictObject({
  id: JobId,
  task_id: TaskId,
  call_id: CallId.describe('The call that started it.'),
  agent: AgentName,
  command: z.string(),
  state: z.enum(['running', 'ended', 'stopped']),
  exit_code: z.number().int().nullable(),
  reason: z.string().nullable().describe('Why it was stopped.'),
  started_at: Timestamp,
  ended_at: Timestamp.nullable(),
});
export type Job = z.infer<typeof Job>;
