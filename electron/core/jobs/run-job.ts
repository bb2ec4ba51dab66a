import type { TokenId } from '../../../shared/domain/identity.ts';
import type { Job } from '../../../shared/domain/job.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { ChangeSets } from '../changes/change-sets.ts';
import type { Writers } from '../changes/writers.ts';
import { leftBehind, tellingSkipped } from '../changes/left-behind.ts';
import type { LiveOutput } from '../live-output.ts';
import type { Clock } from '../ports/clock.ts';
import type { LayerView } from '../ports/layers.ts';
import type { Recordings } from '../ports/recordings.ts';
import type { SandboxHandle, SandboxResult } from '../ports/sandbox.ts';
import type { Store } from '../ports/store.ts';
import { createRecorder } from '../recordings/asciicast.ts';
import { keepRecording } from '../recordings/keep-recording.ts';
import { jobEvent } from './job-event.ts';
import type { NewJob } from './new-job.ts';

/** Characters of a job's output that are kept, the last ones. */
const keptOutput = 262_144;

/** Of a job's terminal, and what a recording of pipes is shown in. */
const terminal = { columns: 80, rows: 24 };

export interface RunJobDeps {
  readonly changes: Pick<ChangeSets, 'collect'>;
  readonly writers: Writers;
  readonly store: Pick<Store, 'commit'>;
  readonly live: LiveOutput;
  readonly recordings: Pick<Recordings, 'put'>;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly onError: (message: string, error: unknown) => void;
}

/** A job in memory. */
export interface JobEntry {
  job: Job;
  readonly token: TokenId;
  text: string;
  readonly abort: AbortController;
  handle: SandboxHandle | null;
  ended: Promise<void>;
}

/** Runs a job to its end, collects what it changed, and records both. Never throws, and always lets go of the view. */
export async function runJob(deps: RunJobDeps, entry: JobEntry, job: NewJob, view: LayerView | null): Promise<void> {
  const { clock, live, onError } = deps;
  const by = { call_id: job.call, job_id: entry.job.id, tool: 'bash', file: null };
  const endWriting = view === null ? () => undefined : deps.writers.begin(job.task, by);
  const recorder = createRecorder({
    ...terminal,
    monotonic: () => clock.monotonic(),
    startedAt: clock.now(),
    title: job.command,
  });
  const print = (chunk: string): void => {
    entry.text = (entry.text + chunk).slice(-keptOutput);
    recorder.output(chunk);
    live.append(job.call, chunk);
  };
  try {
    entry.job = { ...entry.job, ...(await ending(deps, entry, job, view, print)) };
    entry.handle = null;
    if (view !== null) await collect(deps, entry, job, view, print);
    const ended: Job = { ...entry.job, ended_at: new Date(clock.now()).toISOString() };
    const recording = await keepRecording(deps.recordings, job.call, recorder);
    await deps.store.commit({ events: [jobEvent('job.finished', job, ended, recording)], changes: [] });
    entry.job = ended;
  } catch (error) {
    onError('A job’s end could not be recorded.', error);
  } finally {
    entry.job = { ...entry.job, ended_at: entry.job.ended_at ?? new Date(clock.now()).toISOString() };
    endWriting();
    await view?.close().catch((error: unknown) => onError('A job’s view of its layer could not be closed.', error));
    deps.bus.changed('calls');
  }
}

/** How the command ended. */
async function ending(
  { clock }: RunJobDeps,
  entry: JobEntry,
  job: NewJob,
  view: LayerView | null,
  onOutput: (chunk: string) => void,
): Promise<Pick<Job, 'state' | 'exit_code' | 'reason'>> {
  const { signal } = entry.abort;
  // SECURITY: what a token left running ends with it, also when it only expires.
  const left = Math.max(0, Date.parse(job.expiresAt) - clock.now());
  const cancel = clock.after(left, () => entry.abort.abort('Its token expired.'));
  try {
    if (signal.aborted) throw new AppError('conflict', String(signal.reason));
    const onStarted = (handle: SandboxHandle): void => {
      entry.handle = handle;
    };
    const { exit, limit } = await job.run(signal, view, { onOutput, onStarted });
    const code = exit.kind === 'exited' ? exit.code : null;
    return { state: exit.kind === 'exited' ? 'ended' : 'stopped', exit_code: code, reason: whyEnded(exit, limit, signal) };
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'it failed inside the gateway';
    return { state: 'stopped', exit_code: null, reason };
  } finally {
    cancel();
  }
}

function whyEnded(exit: SandboxResult['exit'], limit: SandboxResult['limit'], signal: AbortSignal): string | null {
  if (limit !== undefined) return `it used more ${limit} than its profile allows`;
  if (exit.kind === 'timed_out') return 'its time limit';
  return typeof signal.reason === 'string' ? signal.reason : null;
}

/** What it changed since the last look at the layer of its task. What cannot be collected is let go of, and its output says so. */
async function collect(
  deps: RunJobDeps,
  entry: JobEntry,
  { task, call, agent, command }: NewJob,
  view: LayerView,
  print: (text: string) => void,
): Promise<void> {
  const gathering = deps.writers.gather(task, { call_id: call, job_id: entry.job.id });
  const looked = tellingSkipped(view);
  try {
    await deps.changes.collect({
      call: { id: call, task_id: task, agent, tool: 'bash', summary: command },
      view: looked.view,
      writers: () => gathering.writers(),
      approved: new Map(),
    });
    gathering.done();
    const note = leftBehind(looked.skipped());
    if (note !== null) print(`\n${note.text}\n`);
  } catch (error) {
    deps.onError('What a job changed could not be collected.', error);
    print(`\n[what it changed did not reach the real files: ${error instanceof AppError ? error.message : 'it could not be read'}]\n`);
  }
}
