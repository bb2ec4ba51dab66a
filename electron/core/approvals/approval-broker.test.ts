import { beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { AgentToken, Digest } from '../../../shared/domain/identity.ts';
import type { CallReply } from '../pipeline/call-context.ts';
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

async function decide(request: Approval, result: 'approved' | 'denied', digest: Digest | undefined = request.digest): Promise<unknown> {
  return await harness.broker.decide({ id: request.id, digest, result, channel: 'window', reason: 'test' });
}

const text = (reply: CallReply): string => (reply.kind === 'result' ? reply.text : reply.kind);

describe('the approval broker', () => {
  it('binds a decision to the digest: another or none is a conflict, and the request goes on waiting', async () => {
    const reply = harness.call(token, 'one');
    const request = await only();
    expect(request.digest).toMatch(/^[0-9a-f]{64}$/);
    await expect(decide(request, 'approved', 'f'.repeat(64) as Digest)).rejects.toMatchObject({ code: 'conflict' });
    await expect(harness.broker.decide({ id: request.id, result: 'approved', channel: 'window', reason: '' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(harness.effects).toEqual([]);
    await decide(request, 'approved');
    expect(text(await reply)).toBe('did one');
  });

  it('the same call twice has one call digest and two approval digests', async () => {
    void harness.call(token, 'same');
    void harness.call(token, 'same');
    const [a, b] = await harness.pending(2);
    expect(a?.call_digest).toBe(b?.call_digest);
    expect(a?.digest).not.toBe(b?.digest);
  });

  it('the same call of another agent has another call digest and needs its own yes', async () => {
    const other = await harness.mint('other');
    const replies = [harness.call(token, 'same'), harness.call(other, 'same')];
    const [a, b] = await harness.pending(2);
    expect(a?.call_digest).not.toBe(b?.call_digest);
    if (a !== undefined) await decide(a, 'approved');
    await Promise.race(replies);
    expect(harness.effects).toEqual(['same']);
    expect(await harness.pending()).toHaveLength(1);
  });

  it('the first decision wins: of 50 at once one is taken, and the effect happens at most once', async () => {
    for (let round = 0; round < 20; round += 1) {
      harness.effects.length = 0;
      const reply = harness.call(token, `round ${round.toString()}`);
      const request = await only();
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, async (_, i) => await decide(request, i % 2 === 0 ? 'approved' : 'denied')),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await reply;
      const state = (await harness.broker.get(request.id)).state;
      expect(harness.effects).toHaveLength(state === 'consumed' ? 1 : 0);
      await expect(decide(request, 'approved')).rejects.toMatchObject({ code: 'conflict' });
    }
  });

  it.each([
    ['the wall clock is set back an hour', -3_600_000],
    ['the wall clock jumps an hour ahead', 3_600_000],
  ])('time: %s: never longer than the time-out on either clock', async (_name, shift) => {
    const reply = harness.call(token, 'one');
    const request = await only();
    harness.clock.setWall(harness.clock.now() + shift);
    if (shift > 0) await expect(decide(request, 'approved')).rejects.toMatchObject({ code: 'expired' });
    else await harness.clock.advance(270_000);
    expect(text(await reply)).toContain('not answered');
    expect(harness.effects).toEqual([]);
  });

  it('F22: revoking the token ends what waits', async () => {
    const ending = new AbortController();
    harness.tokens.onRevoked(() => {
      ending.abort('This token was revoked.');
    });
    const reply = harness.call(token, 'one', { signal: ending.signal });
    const request = await only();
    await harness.tokens.revoke(token.id);
    expect(text(await reply)).toContain('revoked');
    await expect(decide(request, 'approved')).rejects.toMatchObject({ code: 'conflict' });
    await expect(harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('F93: a ninth request of one agent is answered at once, and another agent’s is not held up', async () => {
    const flood = Array.from({ length: 30 }, async (_, i) => await harness.call(token, `flood ${i.toString()}`));
    await harness.pending(8);
    const other = await harness.mint('other');
    const waiting = harness.call(other, 'mine');
    const pending = await harness.pending(9);
    const mine = pending.find(({ agent }) => agent === 'other');
    if (mine === undefined) throw new Error('The other agent’s request is missing.');
    await decide(mine, 'approved');
    expect(text(await waiting)).toBe('did mine');
    for (const request of await harness.pending(8)) await decide(request, 'denied');
    const replies = (await Promise.all(flood)).map(text);
    expect(replies.filter((reply) => reply.includes('already waiting'))).toHaveLength(22);
  });

  describe('decide for the next try', () => {
    async function expire(name: string): Promise<Approval> {
      const reply = harness.call(token, name);
      const request = await only();
      await harness.clock.advance(270_000);
      expect(text(await reply)).toContain('call again later');
      return await harness.broker.get(request.id);
    }

    it('a yes after the agent gave up lets its next identical call through, once', async () => {
      const request = await expire('one');
      expect(request.state).toBe('expired');
      expect(request.next_try_until).not.toBeNull();
      await harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' });
      expect((await harness.broker.get(request.id)).state).toBe('expired');
      expect(text(await harness.call(token, 'one'))).toBe('did one');
      void harness.call(token, 'one');
      await harness.pending();
      expect(harness.effects).toEqual(['one']);
    });

    it.each([
      ['another call', async () => void harness.call(token, 'two')],
      ['another agent', async () => void harness.call(await harness.mint('other'), 'one')],
      [
        'a call whose operand changed',
        async () => {
          harness.changeOperand();
          void harness.call(token, 'one');
          await Promise.resolve();
        },
      ],
    ])('is no yes for %s', async (_name, call) => {
      const request = await expire('one');
      await harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' });
      await call();
      await harness.pending();
      expect(harness.effects).toEqual([]);
    });

    it('needs the digest, ends after 15 minutes on either clock, and does not survive a restart', async () => {
      const request = await expire('one');
      await expect(harness.broker.pregrant({ id: request.id, digest: 'f'.repeat(64) as Digest, channel: 'window' })).rejects.toMatchObject({
        code: 'conflict',
      });
      await harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' });
      const restarted = await createPipelineHarness({ store: harness.store, clock: harness.clock });
      restarted.judge('ask');
      void restarted.call(token, 'one');
      await restarted.pending();
      expect(restarted.effects).toEqual([]);
      harness.clock.setWall(harness.clock.now() - 3_600_000);
      await harness.clock.advance(15 * 60_000);
      await expect(harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' })).rejects.toMatchObject({
        code: 'expired',
      });
    });

    it('a denied request has no next try', async () => {
      const reply = harness.call(token, 'one');
      const request = await only();
      await decide(request, 'denied');
      await reply;
      await expect(harness.broker.pregrant({ id: request.id, digest: request.digest, channel: 'window' })).rejects.toMatchObject({
        code: 'conflict',
      });
    });
  });
});
