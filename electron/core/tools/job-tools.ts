import { z } from 'zod';
import { JobId, type Job } from '../../../shared/domain/job.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { defineTool, succeeded } from './file-call.ts';
import type { Resolution, ToolDefinition, ToolOutput } from './tool.ts';

/** Characters of a job's output in one answer, the last ones. */
const shown = 65_536;

const OneJob = z.strictObject({ job: z.string().describe('The id that bash gave, for example "job_…".') });

const parseId = (text: string): JobId => {
  const id = JobId.safeParse(text);
  if (!id.success) throw new AppError('invalid_input', `${text.slice(0, 40)} is no job’s id: see job_list`);
  return id.data;
};

/** A call that only concerns the task's own jobs: it touches no file and runs no program. */
const jobCall = (summary: string, run: () => Promise<ToolOutput>): Resolution => ({
  target: 'local',
  workspace: null,
  cwd: null,
  argv: null,
  env: null,
  operands: [],
  commands: null,
  preview: { summary, command: null, cwd: null, paths: [], operands: [], programs: [], runs_unlisted: [], unparsed: false, diff: null },
  rehash: async () => [],
  execute: run,
  release: async () => undefined,
});

const answer = (text: string, structured: JsonObject): ToolOutput =>
  succeeded(text, structured, { truncated: false, bytes: Buffer.byteLength(text) });

const endOf = ({ state, exit_code, reason }: Job): string =>
  [state, exit_code === null ? null : `with exit code ${exit_code.toString()}`, reason === null ? null : `because ${reason}`]
    .filter((part) => part !== null)
    .join(' ');

const line = ({ id, state, exit_code, command }: Job): string =>
  `${id}  ${state === 'ended' ? `exit code ${exit_code?.toString() ?? '?'}` : state}  ${command.split('\n', 1)[0]?.slice(0, 120) ?? ''}`;

/** The three tools over commands that were left running. An agent sees the jobs of its own task and no others. */
export const createJobTools = (jobs: Pick<Jobs, 'list' | 'output' | 'stop'>): readonly ToolDefinition[] => [
  defineTool({
    name: 'job_list',
    title: 'List jobs',
    description: 'Lists the commands that you have left running in the background with bash, and those that ended.',
    scope: 'bash:exec',
    risk: 'low',
    arguments: z.strictObject({}),
    resolve: async (_args, { task }) =>
      jobCall('list background jobs', async () => {
        const list = jobs.list(task);
        return answer(list.length === 0 ? '[no jobs]' : list.map(line).join('\n'), { jobs: list.length });
      }),
  }),
  defineTool({
    name: 'job_output',
    title: 'Read a job’s output',
    description: 'Returns what a background job has printed, the last 64 KiB, and how it ended if it has.',
    scope: 'bash:exec',
    risk: 'low',
    arguments: OneJob,
    resolve: async ({ job: id }, { task }) => {
      const job = parseId(id);
      jobs.output(task, job);
      return jobCall('read a background job', async () => {
        const { job: now, text } = jobs.output(task, job);
        const tail = text.slice(-shown);
        const end = `[${now.state === 'running' ? 'it runs' : endOf(now)}]`;
        return answer([tail.replace(/\n$/, ''), end].filter((part) => part !== '').join('\n'), {
          job,
          state: now.state,
          exit_code: now.exit_code,
        });
      });
    },
  }),
  defineTool({
    name: 'job_stop',
    title: 'Stop a job',
    description: 'Kills a background job with everything that it started.',
    scope: 'bash:exec',
    risk: 'low',
    arguments: OneJob,
    resolve: async ({ job: id }, { task }) => {
      const job = parseId(id);
      jobs.output(task, job);
      return jobCall('stop a background job', async () => {
        const { state } = await jobs.stop(task, job, 'The agent stopped it.');
        return answer(`[${state}]`, { job, state });
      });
    },
  }),
];
