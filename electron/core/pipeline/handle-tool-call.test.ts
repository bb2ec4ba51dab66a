import { beforeEach, describe, expect, it } from 'vitest';
import type { CallReply } from './call-context.ts';
import { closeOpenCalls } from './close-open-calls.ts';
import { terminalEventTypes, type AuditEvent } from '../../../shared/domain/audit.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import { createPipelineHarness, type PipelineHarness } from '../../testing/pipeline-harness.ts';

let harness: PipelineHarness;
let token: AgentToken;

beforeEach(async () => {
  harness = await createPipelineHarness();
  token = await harness.mint();
});

const text = (reply: CallReply): string => (reply.kind === 'result' ? reply.text : reply.kind);
const structured = (reply: CallReply): unknown => (reply.kind === 'result' ? reply.structured : null);

async function approve(h: PipelineHarness = harness): Promise<void> {
  const [request] = await h.pending();
  if (request === undefined) throw new Error('Nothing is pending.');
  await h.broker.decide({ id: request.id, digest: request.digest, result: 'approved', channel: 'window', reason: '' });
}

/** The events that end calls; each call must have exactly one. */
async function terminals(): Promise<AuditEvent[]> {
  const all = await harness.events();
  return all.filter(({ type }) => (terminalEventTypes as readonly string[]).includes(type));
}

describe('handleToolCall', () => {
  it('F83: allowed: intent, effect, result, reply, in this order, with one terminal event', async () => {
    expect(text(await harness.call(token, 'one'))).toBe('did one');
    expect(harness.effects).toEqual(['one']);
    const types = (await harness.events()).map(({ type }) => type);
    expect(types).toEqual(['token.minted', 'execution.started', 'execution.finished']);
  });

  it('asked and approved: runs once; the approval is consumed with the intent', async () => {
    harness.judge('ask');
    const reply = harness.call(token, 'one');
    await approve();
    expect(text(await reply)).toBe('did one');
    expect(harness.effects).toEqual(['one']);
    const [approval] = await harness.broker.list({ state: 'all', limit: 1 });
    expect(approval?.state).toBe('consumed');
    expect((await harness.events()).map(({ type }) => type)).toEqual([
      'token.minted',
      'approval.requested',
      'approval.approved',
      'execution.started',
      'execution.finished',
    ]);
  });

  it('F55: without a sandbox, what a rule allows is put to the operator all the same', async () => {
    harness.confine('none');
    const reply = harness.call(token, 'one');
    const [request] = await harness.pending();
    expect(request).toMatchObject({ rule: 'builtin:not-confined', reason: expect.stringContaining('without any isolation') as string });
    expect(harness.effects).toEqual([]);
    await approve();
    expect(text(await reply)).toBe('did one');
  });

  it.each(['bubblewrap', 'allowlist'] as const)('F53: in %s what a rule allows runs unasked', async (effective) => {
    harness.confine(effective);
    expect(text(await harness.call(token, 'one'))).toBe('did one');
    expect(await harness.broker.list({ state: 'all', limit: 1 })).toEqual([]);
  });

  it('F55: a yes to a command in the sandbox is none to one without', async () => {
    harness.judge('ask');
    const reply = harness.call(token, 'one');
    await harness.pending();
    harness.confine('none');
    await approve();
    expect(structured(await reply)).toMatchObject({ rule: 'builtin:not-confined' });
    expect(harness.effects).toEqual([]);
    expect(await terminals()).toHaveLength(1);
  });

  it('F84: asked and denied: no effect, one terminal event with the reason, and the reason reaches the agent', async () => {
    harness.judge('ask');
    const reply = harness.call(token, 'one');
    const [request] = await harness.pending();
    if (request !== undefined)
      await harness.broker.decide({ id: request.id, result: 'denied', channel: 'window', reason: 'Not on a Friday.' });
    expect(structured(await reply)).toMatchObject({
      outcome: 'denied',
      rule: 'rule-ask',
      reason: expect.stringContaining('Not on a Friday.') as string,
    });
    expect(harness.effects).toEqual([]);
    expect((await terminals()).map(({ type, data }) => [type, data['reason']])).toEqual([['approval.denied', 'Not on a Friday.']]);
  });

  it.each([
    ['Not on a Friday', 'Not on a Friday. Do not repeat'],
    ['Why?', 'Why? Do not repeat'],
  ])('F84: the operator’s words %j and the next step are two sentences', async (reason, told) => {
    harness.judge('ask');
    const reply = harness.call(token, 'one');
    const [request] = await harness.pending();
    if (request !== undefined) await harness.broker.decide({ id: request.id, result: 'denied', channel: 'window', reason });
    expect(structured(await reply)).toMatchObject({ reason: expect.stringContaining(told) as string });
  });

  it('F84: nobody answers: expires to deny, once, and a later yes is refused', async () => {
    harness.judge('ask');
    const reply = harness.call(token, 'one');
    const [request] = await harness.pending();
    await harness.clock.advance(270_000);
    expect(structured(await reply)).toMatchObject({ outcome: 'expired' });
    if (request !== undefined) {
      const late = harness.broker.decide({ id: request.id, digest: request.digest, result: 'approved', channel: 'window', reason: '' });
      await expect(late).rejects.toMatchObject({ code: 'expired' });
    }
    expect(harness.effects).toEqual([]);
    expect((await terminals()).map(({ type }) => type)).toEqual(['approval.expired']);
  });

  it('the agent cancels while the call waits: final, nothing runs', async () => {
    harness.judge('ask');
    const cancelling = new AbortController();
    const reply = harness.call(token, 'one', { signal: cancelling.signal });
    await harness.pending();
    cancelling.abort();
    expect(structured(await reply)).toMatchObject({ outcome: 'cancelled' });
    expect(harness.effects).toEqual([]);
    expect((await terminals()).map(({ type }) => type)).toEqual(['approval.cancelled']);
  });

  it('F38: denied by policy: one event with rule and reason', async () => {
    harness.judge('deny');
    expect(structured(await harness.call(token, 'one'))).toMatchObject({ outcome: 'denied', rule: 'rule-deny' });
    expect(harness.effects).toEqual([]);
    expect((await terminals()).map(({ type, data }) => [type, data['rule']])).toEqual([['call.denied', 'rule-deny']]);
  });

  it.each(['bash', 'constructor', '__proto__', 'EFFECT', 'effect ', 'effect\u200b', ''])(
    'F32: the unknown tool %j is refused and audited',
    async (tool) => {
      expect(await harness.call(token, 'one', { tool })).toEqual({ kind: 'unknown_tool' });
      expect((await terminals()).map(({ data }) => data['rule'])).toEqual(['builtin:unknown-tool']);
    },
  );

  it.each([
    [{}],
    [{ text: 1 }],
    [{ text: 'a', extra: true }],
    [[]],
    [null],
    ['text'],
    [JSON.parse('{"text":"a","__proto__":{"x":1}}') as unknown],
  ])('F39: arguments %j are refused before anything is looked at', async (args) => {
    expect(structured(await harness.call(token, '', { args }))).toMatchObject({ outcome: 'invalid', rule: 'builtin:arguments' });
    expect(harness.effects).toEqual([]);
  });

  it('F31: a token without the scope is refused', async () => {
    const poor = { ...token, scopes: ['file:read' as const] };
    expect(structured(await harness.call(poor, 'one'))).toMatchObject({ rule: 'builtin:scope' });
    expect(harness.effects).toEqual([]);
  });

  describe('what changes while the call waits makes the yes void (THREATS rule 3)', () => {
    it.each([
      ['the policy turns to deny', 'rule-deny', () => harness.judge('deny')],
      ['a file that it runs changes', 'builtin:drift', () => harness.changeOperand()],
      ['a file that it runs is out of reach', 'builtin:drift', () => harness.loseOperand()],
      ['F20: the token expires', 'builtin:token', () => harness.clock.setWall(harness.clock.now() + 200_000)],
    ])('%s', async (_name, rule, change) => {
      token = await harness.tokens
        .mint({
          agent: 'short',
          scopes: ['bash:exec'],
          expiry: new Date(harness.clock.now() + 150_000).toISOString(),
          workspaces: [],
          targets: [],
        })
        .then(({ id }) => harness.tokens.list().find((one) => one.id === id) ?? token);
      harness.judge('ask');
      const reply = harness.call(token, 'one');
      const [request] = await harness.pending();
      if (request === undefined) throw new Error('Nothing is pending.');
      if (rule === 'builtin:token') {
        change();
        await expect(
          harness.broker.decide({ id: request.id, digest: request.digest, result: 'approved', channel: 'window', reason: '' }),
        ).rejects.toMatchObject({ code: 'conflict' });
        await harness.broker.decide({ id: request.id, result: 'denied', channel: 'window', reason: 'The token has ended.' });
      } else {
        const decided = harness.broker.decide({
          id: request.id,
          digest: request.digest,
          result: 'approved',
          channel: 'window',
          reason: '',
        });
        change();
        await decided;
        expect(structured(await reply)).toMatchObject({ rule });
        expect((await harness.broker.get(request.id)).state).toBe('cancelled');
      }
      await reply;
      expect(harness.effects).toEqual([]);
      expect(await terminals()).toHaveLength(1);
    });
  });

  describe('the log comes first (THREATS rule 4)', () => {
    it('F83: no intent, no effect', async () => {
      harness.breakStore(true);
      expect(text(await harness.call(token, 'one'))).toContain('Not run');
      expect(harness.effects).toEqual([]);
      harness.breakStore(false);
      expect(text(await harness.call(token, 'two'))).toBe('did two');
    });

    it('F83: no durable result: the reply is withheld, no further call is taken, and the gate opens by itself', async () => {
      harness.breakStore((type) => type === 'execution.finished');
      expect(text(await harness.call(token, 'one'))).not.toContain('did one');
      expect(text(await harness.call(token, 'two'))).toContain('Not run');
      expect(harness.effects).toEqual(['one']);
      harness.breakStore(false);
      await harness.clock.advance(2000);
      expect(text(await harness.call(token, 'three'))).toBe('did three');
      expect((await terminals()).map(({ type }) => type)).toEqual(['execution.finished', 'execution.finished']);
    });

    it('an approval that cannot be recorded is not one', async () => {
      harness.judge('ask');
      const reply = harness.call(token, 'one');
      const [request] = await harness.pending();
      if (request === undefined) throw new Error('Nothing is pending.');
      harness.breakStore(true);
      await expect(
        harness.broker.decide({ id: request.id, digest: request.digest, result: 'approved', channel: 'window', reason: '' }),
      ).rejects.toMatchObject({ code: 'unavailable' });
      harness.breakStore(false);
      expect(harness.effects).toEqual([]);
      await approve();
      expect(text(await reply)).toBe('did one');
    });
  });

  it('a bug in a tool is a failed call, and its message stays inside', async () => {
    const reply = await harness.call(token, 'throw');
    expect(text(reply)).not.toContain('secret');
    expect((await terminals()).map(({ type, data }) => [type, data['outcome']])).toEqual([['execution.finished', 'failed']]);
  });

  it('the operator stops a running call', async () => {
    const reply = harness.call(token, 'hang');
    while (harness.deps.running.count() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const [running] = await harness.store.calls({ states: ['running'], limit: 1 });
    expect(running).toBeDefined();
    if (running !== undefined) harness.deps.running.stop(running.id, 'The operator stopped the call.');
    expect(structured(await reply)).toMatchObject({ outcome: 'cancelled' });
  });

  describe('a crash', () => {
    it('while a call waited or was approved: not executed, never later, one terminal event', async () => {
      harness.judge('ask');
      void harness.call(token, 'waits');
      void harness.call(token, 'approved');
      const requests = await harness.pending(2);
      // The process dies here: the rows are as they were, and nobody holds the promises any more.
      const chosen = requests[1];
      if (chosen === undefined) throw new Error('Nothing is pending.');
      const decision = {
        result: 'approved',
        by: 'operator',
        channel: 'window',
        at: new Date(harness.clock.now()).toISOString(),
        reason: '',
      } as const;
      await harness.store.commit({ events: [], changes: [{ kind: 'approval.decide', id: chosen.id, to: 'approved', decision }] });
      const after = await createPipelineHarness({ store: harness.store, clock: harness.clock });
      expect(await closeOpenCalls({ store: after.store, clock: after.clock })).toBe(2);
      expect(after.effects).toEqual([]);
      expect((await after.broker.list({ state: 'all', limit: 10 })).map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
      expect((await after.store.calls({ limit: 10 })).map(({ outcome }) => outcome)).toEqual(['not_executed', 'not_executed']);
      await expect(
        after.broker.decide({ id: chosen.id, digest: chosen.digest, result: 'approved', channel: 'window', reason: '' }),
      ).rejects.toMatchObject({ code: 'conflict' });
    });

    it('while a call ran: unknown outcome', async () => {
      void harness.call(token, 'hang');
      while (harness.deps.running.count() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(await closeOpenCalls({ store: harness.store, clock: harness.clock })).toBe(1);
      expect((await harness.store.calls({ limit: 10 })).map(({ outcome }) => outcome)).toEqual(['unknown_outcome']);
      expect((await terminals()).map(({ type }) => type)).toEqual(['call.closed']);
    });
  });
});
