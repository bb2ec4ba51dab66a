import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../shared/domain/audit.ts';
import type { TokenId } from '../../../shared/domain/identity.ts';
import type { JobId } from '../../../shared/domain/job.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { newCallId, newTaskId, newTokenId } from '../../testing/store-records.ts';
import { plainView } from '../../testing/tool-context.ts';
import { sha256Hex } from '../canonical-json.ts';
import { createChangeBus } from '../change-bus.ts';
import { createWriters, type Writer, type Writers } from '../changes/writers.ts';
import { createLiveOutput, type LiveOutput } from '../live-output.ts';
import type { Store } from '../ports/store.ts';
import { createJobs, type Jobs, type JobsDeps } from './jobs.ts';
import type { NewJob } from './new-job.ts';

const ended = { exit: { kind: 'exited', code: 3 }, output: '', outputBytes: 0, truncated: false, durationMs: 1 } as const;
const aborted = { ...ended, exit: { kind: 'aborted' } } as const;

describe('background jobs', () => {
  let jobs: Jobs;
  let store: Store;
  let clock: FakeClock;
  let collected: string[];
  let closedViews: number;
  let live: LiveOutput;
  let writers: Writers;
  let recordings: Map<string, string>;
  const task = newTaskId();
  const token: TokenId = newTokenId();

  beforeEach(async () => {
    clock = createFakeClock();
    store = createFakeStore({ clock });
    await store.start();
    collected = [];
    closedViews = 0;
    live = createLiveOutput();
    writers = createWriters();
    recordings = new Map();
    jobs = createJobs({
      layers: { join: async () => ({ ...plainView(task), close: async () => void (closedViews += 1) }) },
      changes: { collect: async ({ call }) => (collected.push(call.summary), null) },
      store,
      writers,
      live,
      recordings: { put: async (call, cast) => void recordings.set(call, cast) },
      clock,
      bus: createChangeBus(),
      onError: (message) => {
        throw new Error(message);
      },
    });
  });

  const job = (run: NewJob['run'], over: Partial<NewJob> = {}): NewJob => ({
    task,
    token,
    expiresAt: new Date(clock.now() + 86_400_000).toISOString(),
    agent: 'robin',
    call: newCallId(),
    command: 'serve',
    run,
    ...over,
  });
  /** Runs until it is told to stop. */
  const serving: NewJob['run'] = async (signal, _view, { onOutput }) => {
    onOutput?.('listening\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return aborted;
  };
  const start = async (one: NewJob) => {
    const starting = jobs.start(one);
    const done = { isIt: false };
    const settle = (): void => {
      done.isIt = true;
    };
    void starting.then(settle, settle);
    for (let turns = 0; turns < 1000 && !done.isIt; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1000);
    }
    return await starting;
  };
  const events = async (): Promise<readonly AuditEvent[]> => await store.auditEvents({ after_seq: 0, limit: 100 });

  it('answers at once when the command ends at once, with how it ended', async () => {
    const one = await start(job(async () => ended));
    expect(one).toMatchObject({ state: 'ended', exit_code: 3, command: 'serve' });
    expect(collected).toEqual(['serve']);
    expect(closedViews).toBe(1);
    expect((await events()).map(({ type }) => type)).toEqual(['job.started', 'job.finished']);
  });

  it('keeps one running, is read by its own task alone, and ends it with everything collected and recorded', async () => {
    const { id } = await start(job(serving));
    expect(jobs.output(task, id)).toMatchObject({ job: { state: 'running' }, text: 'listening\n' });
    expect(() => jobs.output(newTaskId(), id)).toThrow('there is no job');
    await expect(jobs.stop(newTaskId(), id, 'x')).rejects.toMatchObject({ code: 'not_found' });
    expect(collected).toEqual([]);
    expect(await jobs.stop(task, id, 'The agent stopped it.')).toMatchObject({ state: 'stopped', reason: 'The agent stopped it.' });
    expect(collected).toEqual(['serve']);
    expect(closedViews).toBe(1);
  });

  it('F22: ends the jobs of a revoked token, and no other', async () => {
    const other = newTokenId();
    const mine = await start(job(serving));
    const theirs = await start(job(serving, { token: other }));
    await jobs.stopToken(token, 'Its token was revoked.');
    const states = new Map(jobs.list(null).map(({ id, state }) => [id, state]));
    expect([states.get(mine.id), states.get(theirs.id)]).toEqual(['stopped', 'running']);
    await jobs.stopAll();
    expect(jobs.list(null).every(({ state }) => state === 'stopped')).toBe(true);
  });

  it('runs eight at once for a task, and not nine', async () => {
    const ids: JobId[] = [];
    for (let count = 0; count < 8; count += 1) ids.push((await start(job(serving))).id);
    await expect(jobs.start(job(serving))).rejects.toMatchObject({ code: 'conflict' });
    await jobs.stop(task, ids[0]!, 'x');
    expect((await start(job(serving))).state).toBe('running');
    await jobs.stopAll();
  });

  it('counts and stops also what is only about to begin', async () => {
    const many = Array.from({ length: 9 }, () => jobs.start(job(serving)));
    await expect(many[8]).rejects.toMatchObject({ code: 'conflict' });
    let ran = false;
    const other = newTokenId();
    const starting = jobs.start(job(async () => ((ran = true), ended), { token: other, task: newTaskId() }));
    await jobs.stopToken(other, 'Its token was revoked.');
    expect(await starting).toMatchObject({ state: 'stopped', reason: 'Its token was revoked.' });
    expect(ran).toBe(false);
    await jobs.stopAll();
    await Promise.all(many.slice(0, 8));
  });

  it('F22: ends a job when its token expires', async () => {
    const one = await start(job(serving, { expiresAt: new Date(clock.now() + 3_600_000).toISOString() }));
    expect(jobs.list(task)[0]?.state).toBe('running');
    await clock.advance(3_600_000);
    expect(await jobs.stop(task, one.id, 'x')).toMatchObject({ state: 'stopped', reason: 'Its token expired.' });
  });

  it('starts nothing that cannot be recorded', async () => {
    let ran = false;
    const broken = createJobs({
      layers: { join: async () => null },
      changes: { collect: async () => null },
      store: { commit: () => Promise.reject(new Error('full')) },
      writers,
      live,
      recordings: { put: async () => undefined },
      clock,
      bus: createChangeBus(),
      onError: () => undefined,
    });
    await expect(broken.start(job(async () => ((ran = true), ended)))).rejects.toThrow('full');
    expect(ran).toBe(false);
    // Positive control: the same job where it can be recorded.
    await start(job(async () => ((ran = true), ended)));
    expect(ran).toBe(true);
  });

  it('shares the network of a running job, and of none that has ended', async () => {
    let closed = 0;
    const run: NewJob['run'] = async (signal, view, { onOutput, onStarted }) => {
      const openNetwork = () => Promise.resolve({ fd: 77, close: async () => void (closed += 1) });
      onStarted?.({ pid: 1, write: () => undefined, end: () => undefined, resize: () => undefined, openNetwork });
      return await serving(signal, view, { ...(onOutput === undefined ? {} : { onOutput }) });
    };
    expect(await jobs.network(task)).toBeNull();
    const { id } = await start(job(run));
    const network = await jobs.network(task);
    expect(network?.fd).toBe(77);
    // One of each caller's own.
    expect(await jobs.network(task)).not.toBe(network);
    await network?.close();
    expect(await jobs.network(newTaskId())).toBeNull();
    await jobs.stop(task, id, 'x');
    expect(await jobs.network(task)).toBeNull();
    expect(closed).toBe(1);
  });

  it('shows all that it prints to whoever watches its call, from before the call has been answered', async () => {
    const call = newCallId();
    const seen: string[] = [];
    const closeCall = live.open(call);
    live.watch(call, (chunk) => seen.push(chunk));
    let print: (text: string) => void = () => undefined;
    const run: NewJob['run'] = async (signal, view, events) => {
      print = (text) => events.onOutput?.(text);
      return await serving(signal, view, events);
    };
    const { id } = await start(job(run, { call }));
    closeCall();
    print('later\n');
    const late: string[] = [];
    live.watch(call, (chunk) => late.push(chunk));
    expect([seen.join(''), late.join('')]).toEqual(['listening\nlater\n', 'listening\nlater\n']);
    await jobs.stop(task, id, 'x');
  });

  it('keeps a recording, whose hash is in the log', async () => {
    const call = newCallId();
    const { id } = await start(job(serving, { call }));
    await clock.advance(5000);
    await jobs.stop(task, id, 'x');
    const cast = recordings.get(call) ?? '';
    expect(cast.split('\n')[1]).toBe('[0,"o","listening\\n"]');
    const [, finished] = await events();
    expect(finished).toMatchObject({ type: 'job.finished', data: { recording_sha256: sha256Hex(cast) } });
  });

  it('is ended, recorded and let go of whatever fails on the way', async () => {
    const errors: string[] = [];
    const deps = (over: Partial<JobsDeps>): JobsDeps => ({
      layers: { join: async () => ({ ...plainView(task), close: async () => void (closedViews += 1) }) },
      changes: { collect: async () => null },
      store,
      writers,
      live,
      recordings: { put: async () => undefined },
      clock,
      bus: createChangeBus(),
      onError: (message) => void errors.push(message),
      ...over,
    });
    const fail = (): never => {
      throw new Error('broken');
    };
    const broken: readonly Partial<JobsDeps>[] = [
      { live: { ...live, append: fail } },
      { changes: { collect: async () => fail() } },
      { recordings: { put: async () => fail() } },
    ];
    for (const over of broken) {
      jobs = createJobs(deps(over));
      closedViews = 0;
      const one = await start(job(serving));
      await jobs.stop(task, one.id, 'x');
      expect(jobs.list(task)[0]?.state).toBe('stopped');
      expect([closedViews, jobs.list(task)[0]?.ended_at === null]).toEqual([1, false]);
      expect((await events()).at(-1)?.type).toBe('job.finished');
    }
    expect(
      writers
        .gather(task, { call_id: newCallId(), job_id: null })
        .writers()
        .every(({ job_id }) => job_id !== null),
    ).toBe(true);
  });

  it('is named among those who may have changed a file while it runs, and says what it leaves behind', async () => {
    const named: (readonly Writer[])[] = [];
    jobs = createJobs({
      layers: { join: async () => ({ ...plainView(task), scan: async () => ({ changes: [], skipped: ['/w/socket'] }) }) },
      changes: { collect: async ({ view, writers: gathered }) => (await view.scan(), named.push(gathered()), null) },
      store,
      writers,
      live,
      recordings: { put: async () => undefined },
      clock,
      bus: createChangeBus(),
      onError: () => undefined,
    });
    const { id } = await start(job(serving));
    const call = { call_id: newCallId(), job_id: null, tool: 'file_write', file: null };
    writers.begin(task, call);
    expect(writers.gather(task, call).writers()).toMatchObject([{ job_id: id, tool: 'bash' }, call]);
    await jobs.stop(task, id, 'x');
    expect(named).toMatchObject([[{ job_id: id }, call]]);
    expect(jobs.output(task, id).text).toContain('/w/socket');
  });

  it('says which limit a job was killed for', async () => {
    const one = await start(job(async () => ({ ...ended, exit: { kind: 'signalled', signal: 'SIGKILL' }, limit: 'memory' })));
    expect(one).toMatchObject({ state: 'stopped', reason: 'it used more memory than its profile allows' });
  });
});
