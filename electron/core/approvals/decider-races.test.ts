import { beforeEach, describe, expect, it } from 'vitest';
import type { Approval, Channel } from '../../../shared/domain/approval.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import { createPipelineHarness, type PipelineHarness } from '../../testing/pipeline-harness.ts';

let harness: PipelineHarness;
let token: AgentToken;

beforeEach(async () => {
  harness = await createPipelineHarness();
  token = await harness.mint();
  harness.judge('ask');
});

async function only(): Promise<Approval> {
  const [request] = await harness.pending();
  if (request === undefined) throw new Error('Nothing is pending.');
  return request;
}

type Answer = 'approved' | 'denied';
const answer = async ({ id, digest }: Approval, channel: Channel, result: Answer): Promise<unknown> =>
  await harness.broker.decide({ id, digest, result, channel, reason: `${channel} ${result}` });

/** The same order for the same round, so that a failure can be run again. */
function shuffled<T>(items: readonly T[], round: number): T[] {
  let seed = round + 1;
  return items
    .map((item) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return { item, at: seed };
    })
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const terminal = ['approval.approved', 'approval.denied', 'approval.expired', 'approval.cancelled'];

describe('deciders at once', () => {
  it('F49: 100 rounds of approve, deny, time-out and webhook: one decision each, at most one effect', async () => {
    harness.decideBy({ mode: 'both', hasOutside: true });
    const winners = new Map<string, number>();
    for (let round = 0; round < 100; round += 1) {
      const before = harness.effects.length;
      const reply = harness.call(token, `round ${round.toString()}`);
      const request = await only();
      const racers: (() => Promise<unknown>)[] = shuffled(
        [
          async () => await answer(request, 'window', 'approved'),
          async () => await answer(request, 'command-line', 'denied'),
          async () => await answer(request, 'webhook', 'approved'),
          async () => await answer(request, 'slack', 'denied'),
          async () => await harness.clock.advance(270_000),
        ],
        round,
      );
      await Promise.allSettled(racers.map(async (race) => await race()));
      await reply;
      const events = (await harness.events()).filter(({ data }) => data['approval_id'] === request.id);
      const decisions = events.filter(({ type }) => terminal.includes(type));
      expect(decisions).toHaveLength(1);
      const type = decisions[0]?.type ?? '';
      winners.set(type, (winners.get(type) ?? 0) + 1);
      expect(harness.effects.length - before).toBe(type === 'approval.approved' ? 1 : 0);
    }
    // Positive control: it really was a race.
    expect(winners.size).toBeGreaterThan(1);
  });

  it('50 concurrent replays of one approval have one effect', async () => {
    const reply = harness.call(token, 'one');
    const request = await only();
    const results = await Promise.allSettled(Array.from({ length: 50 }, async () => await answer(request, 'window', 'approved')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await reply;
    const again = await Promise.allSettled(Array.from({ length: 50 }, async () => await answer(request, 'window', 'approved')));
    expect(again.every(({ status }) => status === 'rejected')).toBe(true);
    expect(harness.effects).toEqual(['one']);
  });

  it('an operand that changes between the yes and the run makes the yes void', async () => {
    const reply = harness.call(token, 'one');
    const request = await only();
    harness.changeOperand();
    await answer(request, 'window', 'approved');
    expect(await reply).toMatchObject({ isError: true });
    expect(harness.effects).toEqual([]);
    expect((await harness.broker.get(request.id)).state).toBe('cancelled');
  });
});

describe('modes', () => {
  it.each<[string, Channel, Answer, boolean]>([
    ['window', 'window', 'approved', true],
    ['window', 'console', 'approved', true],
    ['window', 'webhook', 'approved', false],
    ['window', 'slack', 'approved', false],
    ['window', 'webhook', 'denied', false],
    ['webhook', 'webhook', 'approved', true],
    ['webhook', 'discord', 'approved', true],
    ['webhook', 'window', 'approved', false],
    ['webhook', 'command-line', 'approved', false],
    ['webhook', 'window', 'denied', true],
    ['both', 'webhook', 'approved', true],
    ['both', 'window', 'approved', true],
    ['both', 'pagerduty', 'approved', false],
    ['both', 'gateway', 'approved', false],
    ['both', 'gateway', 'denied', true],
    ['both-required', 'webhook', 'denied', true],
    ['both-required', 'window', 'denied', true],
  ])('%s: %s %s counts: %s', async (mode, channel, result, counts) => {
    harness.decideBy({ mode: mode as 'window', hasOutside: true });
    const reply = harness.call(token, 'one');
    const request = await only();
    const decided = answer(request, channel, result);
    if (!counts) {
      await expect(decided).rejects.toMatchObject({ code: 'conflict' });
      expect(harness.effects).toEqual([]);
      await answer(request, mode === 'webhook' ? 'webhook' : 'window', 'denied');
    } else await decided;
    await reply;
    expect(harness.effects).toEqual(counts && result === 'approved' ? ['one'] : []);
  });

  it('both-required: one yes is an event, both are a decision', async () => {
    harness.decideBy({ mode: 'both-required', hasOutside: true });
    const reply = harness.call(token, 'one');
    const request = await only();
    expect(await answer(request, 'webhook', 'approved')).toMatchObject({ state: 'pending' });
    expect(harness.effects).toEqual([]);
    expect(await only()).toMatchObject({ state: 'pending', endorsed: [{ channel: 'webhook' }] });
    // The same side twice is still one side.
    await expect(answer(request, 'slack', 'approved')).rejects.toMatchObject({ code: 'conflict' });
    expect(harness.effects).toEqual([]);
    await answer(request, 'window', 'approved');
    await reply;
    expect(harness.effects).toEqual(['one']);
    const types = (await harness.events()).map(({ type }) => type).filter((type) => type.startsWith('approval.'));
    expect(types).toEqual(['approval.requested', 'approval.endorsed', 'approval.approved']);
  });

  it('both-required: both sides at once, in 50 rounds: never stuck, one effect; a no after one yes ends it', async () => {
    harness.decideBy({ mode: 'both-required', hasOutside: true });
    for (let round = 0; round < 50; round += 1) {
      const reply = harness.call(token, `round ${round.toString()}`);
      const request = await only();
      const sides = shuffled<Channel>(['window', 'webhook'], round);
      await Promise.all(sides.map(async (channel) => await answer(request, channel, 'approved')));
      await reply;
      expect(harness.effects).toHaveLength(round + 1);
    }
    const reply = harness.call(token, 'no');
    const request = await only();
    await answer(request, 'window', 'approved');
    await answer(request, 'webhook', 'denied');
    expect(await reply).toMatchObject({ isError: true });
    expect(harness.effects).not.toContain('no');
  });

  it('keeps the mode under which a request was put, and gives no next try where another yes is needed', async () => {
    harness.decideBy({ mode: 'both-required', hasOutside: true });
    const reply = harness.call(token, 'one');
    const request = await only();
    harness.decideBy({ mode: 'window' });
    expect(await answer(request, 'window', 'approved')).toMatchObject({ state: 'pending' });
    await harness.clock.advance(270_000);
    await reply;
    await expect(harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' })).rejects.toMatchObject({
      code: 'expired',
    });
    expect(harness.effects).toEqual([]);
  });

  it('an answer from outside must echo the digest, a no too', async () => {
    harness.decideBy({ mode: 'both', hasOutside: true });
    const reply = harness.call(token, 'one');
    const { id } = await only();
    await expect(harness.broker.decide({ id, result: 'denied', channel: 'webhook', reason: '' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await harness.broker.decide({ id, result: 'denied', channel: 'window', reason: 'enough' });
    await reply;
  });
});
