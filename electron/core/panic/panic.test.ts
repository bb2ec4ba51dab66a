import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createPipelineHarness } from '../../testing/pipeline-harness.ts';
import { stoppableJobs } from './stoppable-jobs.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { NewJob } from '../jobs/new-job.ts';

const settle = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 20));

describe('panic', () => {
  it('kills what runs, ends what waits, and refuses every call until it is released', async () => {
    const harness = await createPipelineHarness();
    const token = await harness.mint();
    const running = harness.call(token, 'hang');
    await expect.poll(() => harness.deps.running.count()).toBe(1);
    harness.judge('ask');
    const waiting = harness.call(token, 'waits');
    const [request] = await harness.pending();

    const stopped = await harness.panic.trigger('window');
    expect(stopped).toMatchObject({ calls: 1, requests: 1, grants: 0 });
    expect(await running).toMatchObject({ isError: true, text: expect.stringContaining('The operator stopped everything.') as string });
    expect(await waiting).toMatchObject({ isError: true, structured: { outcome: 'cancelled' } });
    expect(await harness.broker.list({ state: 'open', limit: 10 })).toEqual([]);
    await expect(harness.broker.pregrant({ id: request!.id, digest: request!.digest, channel: 'window' })).rejects.toThrow();

    harness.judge('allow');
    expect(await harness.call(token, 'refused')).toMatchObject({ isError: true, structured: { rule: 'builtin:panic' } });
    expect(harness.effects).toEqual([]);
    await harness.panic.release('window');
    // The positive control: it was the panic that held it.
    await harness.call(token, 'free');
    expect(harness.effects).toEqual(['free']);
    await harness.refusals.stop();
    const types = (await harness.events()).map(({ type }) => type);
    expect(types.filter((type) => /^panic/.test(type)).sort()).toEqual(['panic.refused', 'panic.released', 'panic.triggered']);
    await expect(harness.panic.release('window')).rejects.toThrow('Nothing is stopped.');
  });

  it('ends grants', async () => {
    const harness = await createPipelineHarness();
    const token = await harness.mint();
    harness.judge('ask');
    const call = harness.call(token, 'one');
    const [request] = await harness.pending();
    const asked = await harness.store.call(request!.call_id);
    await harness.broker.decide({ id: request!.id, digest: request!.digest, result: 'approved', channel: 'window', reason: '' });
    await call;
    if (asked === null || asked.digest === null) throw new Error('The call was not recorded.');
    await harness.grants.give({
      effect: 'allow',
      sentence: 'effects',
      rule: { id: 'grant', effect: 'allow', reason: 'Granted.', tools: ['effect'] },
      call_digest: null,
      duration: '1h',
      channel: 'window',
      approval_id: request!.id,
      call: { ...asked, digest: asked.digest, task_id: asked.task_id!, preview: asked.preview! },
    });
    expect(harness.grants.list()).toHaveLength(1);
    expect(await harness.panic.trigger('window')).toMatchObject({ grants: 1 });
    await settle();
    expect(harness.grants.list()).toEqual([]);
    expect((await harness.events()).find(({ type }) => type === 'grant.ended')).toMatchObject({ data: { why: 'panic' } });
  });

  it('outlives a restart, until it is released', async () => {
    const clock = createFakeClock();
    const before = await createPipelineHarness({ clock });
    await before.mint();
    const { since } = await before.panic.trigger('command-line');
    const after = await createPipelineHarness({ clock, store: before.store });
    expect(after.panic.since()).toBe(since);
    const token = await after.mint('later');
    expect(await after.call(token, 'x')).toMatchObject({ structured: { rule: 'builtin:panic' } });
    await after.panic.release('window');
    await after.call(token, 'y');
    expect(after.effects).toEqual(['y']);
    const third = await createPipelineHarness({ clock, store: before.store });
    expect(third.panic.since()).toBeNull();
  });

  it('stops although the log cannot be written, which closes the gate until it can', async () => {
    const harness = await createPipelineHarness();
    const token = await harness.mint();
    const running = harness.call(token, 'hang');
    await expect.poll(() => harness.deps.running.count()).toBe(1);
    harness.breakStore((type) => type === 'panic.triggered');
    await harness.panic.trigger('window');
    await running;
    expect(harness.panic.since()).not.toBeNull();
    expect(harness.deps.gate.closedBecause()).toContain('cannot be written');
    harness.breakStore(false);
    await harness.clock.advance(2000);
    expect((await harness.events()).some(({ type }) => type === 'panic.triggered')).toBe(true);
  });

  it('lets no call that was under way leave a job behind', async () => {
    let since: string | null = null;
    const started: string[] = [];
    const inner = { start: (job: NewJob) => Promise.resolve(void started.push(job.command)) } as unknown as Jobs;
    const jobs = stoppableJobs(inner, () => since);
    await jobs.start({ command: 'before' } as NewJob);
    since = '2026-01-01T00:00:00.000Z';
    await expect(jobs.start({ command: 'after' } as NewJob)).rejects.toThrow('everything was stopped');
    expect(started).toEqual(['before']);
  });
});
