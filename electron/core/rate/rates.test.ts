import { describe, expect, it } from 'vitest';
import { createPipelineHarness, type HarnessStart, type PipelineHarness } from '../../testing/pipeline-harness.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import type { Risk, TokenId } from '../../../shared/domain/identity.ts';
import type { CallReply } from '../pipeline/call-context.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import { createRates, type Rates } from './rates.ts';
import type { RefusedCall } from './refusal-log.ts';

const limits: NonNullable<HarnessStart['limits']> = { commands_per_s: 50, commands_burst: 200, prompts_per_min: 20 };

const isDone = (reply: CallReply): boolean => reply.kind === 'result' && !reply.isError;
const many = async (count: number, call: () => Promise<CallReply>): Promise<CallReply[]> =>
  await Promise.all(Array.from({ length: count }, call));

async function limited(more: Partial<HarnessStart> = {}): Promise<PipelineHarness> {
  return await createPipelineHarness({ limits, ...more });
}

describe('F93: limits on calls', () => {
  it('F93: lets a burst of 200 commands through, and answers the rest at once with when to call again', async () => {
    const harness = await limited();
    const token = await harness.mint();
    const replies = await many(230, async () => await harness.call(token, 'x'));
    expect(replies.filter(isDone)).toHaveLength(200);
    expect(harness.effects).toHaveLength(200);
    expect(replies.at(-1)).toMatchObject({
      isError: true,
      text: expect.stringMatching(/builtin:rate.*Nothing was queued\. Call again in 1 s\./) as string,
      structured: { outcome: 'denied', rule: 'builtin:rate', retry_after_s: 1 },
    });
    await harness.clock.advance(1000);
    expect((await many(60, async () => await harness.call(token, 'x'))).filter(isDone)).toHaveLength(50);
  });

  it('F93, F87: writes one event for each agent and tool in 10 s, with the count, and no call', async () => {
    const harness = await limited();
    const token = await harness.mint();
    await many(260, async () => await harness.call(token, 'x'));
    await harness.clock.advance(10_000);
    const events = await harness.events();
    expect(events.filter(({ type }) => type === 'rate.limited')).toMatchObject([
      { agent: 'tester', token_id: token.id, call_id: null, data: { tool: 'effect', count: 60 } },
    ]);
    expect(events.filter(({ type }) => type === 'call.denied')).toEqual([]);
    // What ran has its pair, and nothing else has a record.
    expect(events.filter(({ type }) => type === 'execution.finished')).toHaveLength(200);
    expect(await harness.store.calls({ limit: 1000 })).toHaveLength(200);
  });

  it('F93: what is counted is written when the gateway stops', async () => {
    const harness = await limited({ limits: { ...limits, commands_burst: 1 } });
    const token = await harness.mint();
    await many(3, async () => await harness.call(token, 'x'));
    await harness.refusals.stop();
    expect((await harness.events()).find(({ type }) => type === 'rate.limited')).toMatchObject({ data: { count: 2 } });
  });

  it('F93: names that no tool has are limited together', async () => {
    const harness = await limited({ limits: { ...limits, commands_burst: 3 } });
    const token = await harness.mint();
    const replies: CallReply[] = [];
    for (const tool of ['a', 'b', 'constructor', 'd', 'e']) replies.push(await harness.call(token, 'x', { tool }));
    expect(replies.map(({ kind }) => kind)).toEqual(['unknown_tool', 'unknown_tool', 'unknown_tool', 'result', 'result']);
  });

  it('F93: one agent’s flood takes nothing from another', async () => {
    const harness = await limited();
    const [flooder, other] = [await harness.mint('flooder'), await harness.mint('other')];
    const flood = many(1000, async () => await harness.call(flooder, 'flood'));
    expect(isDone(await harness.call(other, 'other'))).toBe(true);
    expect((await flood).filter(isDone)).toHaveLength(200);
    harness.judge('ask');
    const asked = harness.call(other, 'asked');
    const [request] = await harness.pending();
    expect(request?.agent).toBe('other');
    await harness.broker.decide({ id: request!.id, digest: request!.digest, result: 'approved', channel: 'window', reason: '' });
    expect(isDone(await asked)).toBe(true);
  });

  it('F93: holds after a restart', async () => {
    const clock = createFakeClock();
    const before = await limited({ clock });
    await before.mint();
    const after = await limited({ clock, store: before.store });
    const token = await after.mint('again');
    expect((await many(230, async () => await after.call(token, 'x'))).filter(isDone)).toHaveLength(200);
  });
});

describe('F33, F93: limits on operations', () => {
  const paced = { agent: 'one', token_id: 'tok_1' as TokenId, tool: 'restart' };
  function world(): { rates: Rates; clock: ReturnType<typeof createFakeClock>; refused: RefusedCall[] } {
    const clock = createFakeClock();
    const refused: RefusedCall[] = [];
    return { clock, refused, rates: createRates({ clock, limits: () => limits, refusals: { count: (each) => refused.push(each) } }) };
  }
  const operation = (risk: Risk): Pick<ToolDefinition, 'risk' | 'targetOf'> => ({ risk, targetOf: () => 'local' });

  it.each([
    ['critical', 5, 2],
    ['high', 10, 3],
    ['moderate', 20, 5],
    ['low', 100, 10],
  ] as const)('F93: %s ones happen %d times a minute, %d at once', async (risk, perMinute, burst) => {
    const { rates, clock, refused } = world();
    const passed = (): number =>
      Array.from({ length: 200 }, () => rates.checkCall(paced, operation(risk))).filter((no) => no === null).length;
    expect(passed()).toBe(burst);
    expect(refused).toHaveLength(200 - burst);
    const retryAfterMs = rates.checkCall(paced, operation(risk))?.retryAfterMs ?? 0;
    expect(retryAfterMs).toBe(60_000 / perMinute);
    await clock.advance(retryAfterMs - 1);
    expect(passed()).toBe(0);
    await clock.advance(1);
    expect(passed()).toBe(1);
    // The wall clock, which a person can turn, opens nothing.
    clock.setWall(clock.now() + 3_600_000);
    expect(passed()).toBe(0);
    // Another agent, and another tool, have their own.
    expect(rates.checkCall({ ...paced, agent: 'two' }, operation(risk))).toBeNull();
    expect(rates.checkCall({ ...paced, tool: 'other' }, operation(risk))).toBeNull();
  });
});

describe('F93: limits on requests to the operator', () => {
  it('F93: after 20 within a minute an agent may ask again when a minute is over, and another may ask meanwhile', async () => {
    const harness = await limited();
    harness.judge('ask');
    const [token, other] = [await harness.mint(), await harness.mint('other')];
    for (let n = 0; n < 20; n += 1) {
      const reply = harness.call(token, `ask ${n.toString()}`);
      const [request] = await harness.pending();
      await harness.broker.decide({ id: request!.id, digest: request!.digest, result: 'denied', channel: 'window', reason: 'No.' });
      await reply;
    }
    expect(await harness.call(token, 'once more')).toMatchObject({
      structured: { outcome: 'denied', rule: 'builtin:rate', retry_after_s: 60 },
    });
    expect(await harness.broker.list({ state: 'pending', limit: 10 })).toEqual([]);
    void harness.call(other, 'mine');
    expect(await harness.pending()).toMatchObject([{ agent: 'other' }]);
    await harness.clock.advance(60_000);
    void harness.call(token, 'later');
    expect(await harness.pending(2)).toHaveLength(2);
    const counted = (await harness.events()).filter(({ type }) => type === 'rate.limited');
    expect(counted).toMatchObject([{ agent: 'tester', data: { count: 1 } }]);
    expect(harness.effects).toEqual([]);
  });
});
