import type { TaskId, TokenId } from '../../../shared/domain/identity.ts';
import { JobId, type Job } from '../../../shared/domain/job.ts';
import { AppError } from '../../../shared/errors.ts';
import { randomId } from '../identity/random-id.ts';
import type { LayerView, Layers } from '../ports/layers.ts';
import type { SandboxHandle } from '../ports/sandbox.ts';
import { jobEvent } from './job-event.ts';
import type { NewJob } from './new-job.ts';
import { runJob, type JobEntry, type RunJobDeps } from './run-job.ts';

/** Jobs that a task may run at once, and ended ones that it can still read. */
const limits = { running: 8, ended: 16 };
/** How long a start waits for a command that fails at once. Milliseconds. */
const settleMs = 700;

type OpenNetwork = NonNullable<Awaited<ReturnType<SandboxHandle['openNetwork']>>>;

export interface Jobs {
  /** Starts it and answers once it has ended or has run for a moment. Errors: `conflict` when too many run. */
  start(job: NewJob): Promise<Job>;
  /** The task's jobs, newest first; of all tasks for the operator (`null`). */
  list(task: TaskId | null): readonly Job[];
  /** What it printed, the last 256 KiB. Errors: `not_found`, also for another task's. */
  output(task: TaskId, id: JobId): { readonly job: Job; readonly text: string };
  /** Kills it with everything that it started, and waits for its end. Errors: `not_found`. */
  stop(task: TaskId | null, id: JobId, reason: string): Promise<Job>;
  stopToken(token: TokenId, reason: string): Promise<void>;
  /** Opens the network namespace that the task's running jobs share; null when none runs. The caller closes it. */
  network(task: TaskId): Promise<OpenNetwork | null>;
  /** Until when a job of the task has run, in milliseconds since 1970: now, while one does; null: there was none. */
  activeUntil(task: TaskId): number | null;
  stopAll(): Promise<void>;
}

export interface JobsDeps extends RunJobDeps {
  readonly layers: Pick<Layers, 'join'>;
}

export function createJobs(deps: JobsDeps): Jobs {
  const entries = new Map<JobId, JobEntry>();
  const now = (): string => new Date(deps.clock.now()).toISOString();
  const find = (task: TaskId | null, id: JobId): JobEntry => {
    const entry = entries.get(id);
    if (entry === undefined || (task !== null && entry.job.task_id !== task)) throw new AppError('not_found', `there is no job ${id}`);
    return entry;
  };
  const ofTask = (task: TaskId): JobEntry[] => [...entries.values()].filter(({ job }) => job.task_id === task);

  /** Old ended jobs are forgotten, so that an agent cannot fill the memory. */
  const forget = (task: TaskId): void => {
    const ended = ofTask(task).filter(({ job }) => job.state !== 'running');
    for (const { job } of ended.slice(0, Math.max(0, ended.length - limits.ended))) entries.delete(job.id);
  };

  /** Answers a view of its own: the call that starts it lets go of the other one. */
  async function begin(entry: JobEntry, job: NewJob): Promise<LayerView | null> {
    let view: LayerView | null = null;
    try {
      view = await deps.layers.join(job.task);
      await deps.store.commit({ events: [jobEvent('job.started', job, entry.job)], changes: [] });
      return view;
    } catch (error) {
      entries.delete(entry.job.id);
      await view?.close();
      throw error;
    }
  }

  async function stop(entry: JobEntry, reason: string): Promise<void> {
    if (entry.job.state === 'running') entry.abort.abort(reason);
    await entry.ended;
  }

  return {
    async start(job) {
      if (ofTask(job.task).filter((entry) => entry.job.state === 'running').length >= limits.running)
        throw new AppError('conflict', `${limits.running} jobs of this task run already: stop one with job_stop`);
      forget(job.task);
      const id = JobId.parse(randomId('job', 12));
      const { task, call, agent, command } = job;
      const entry: JobEntry = {
        job: {
          id,
          task_id: task,
          call_id: call,
          agent,
          command,
          state: 'running',
          exit_code: null,
          reason: null,
          started_at: now(),
          ended_at: null,
        },
        token: job.token,
        text: '',
        abort: new AbortController(),
        handle: null,
        ended: Promise.resolve(),
      };
      // SECURITY: counted, and stopped with its token, from here on: nothing is waited for before.
      entries.set(id, entry);
      const closeLive = deps.live.open(call);
      const begun = begin(entry, job);
      entry.ended = begun.then(
        async (view) => await runJob(deps, entry, job, view).finally(closeLive),
        () => closeLive(),
      );
      await begun;
      await new Promise<void>((resolve) => {
        const cancel = deps.clock.after(settleMs, resolve);
        void entry.ended.then(() => {
          cancel();
          resolve();
        });
      });
      deps.bus.changed('calls');
      return entry.job;
    },
    list: (task) =>
      [...entries.values()]
        .map(({ job }) => job)
        .filter((job) => task === null || job.task_id === task)
        .reverse(),
    output(task, id) {
      const { job, text } = find(task, id);
      return { job, text };
    },
    async stop(task, id, reason) {
      const entry = find(task, id);
      await stop(entry, reason);
      return entry.job;
    },
    async stopToken(token, reason) {
      await Promise.all([...entries.values()].filter((entry) => entry.token === token).map(async (entry) => await stop(entry, reason)));
    },
    async network(task) {
      for (const entry of ofTask(task)) {
        if (entry.job.state !== 'running') continue;
        // SECURITY: each call has a descriptor of its own; the number of a shared one could be another file's once the job has ended.
        const network = (await entry.handle?.openNetwork()) ?? null;
        if (network !== null) return network;
      }
      return null;
    },
    activeUntil(task) {
      const ends = ofTask(task).map(({ job }) => (job.ended_at === null ? deps.clock.now() : Date.parse(job.ended_at)));
      return ends.length === 0 ? null : Math.max(...ends);
    },
    async stopAll() {
      await Promise.all([...entries.values()].map(async (entry) => await stop(entry, 'The gateway stops.')));
    },
  };
}
