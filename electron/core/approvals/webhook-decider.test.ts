import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import type { CallReply } from '../pipeline/call-context.ts';
import {
  answerJson,
  createDeciderWorld,
  startCaptureServer,
  testSecret,
  type CaptureServer,
  type DeciderWorld,
} from '../../testing/decider-world.ts';

let world: DeciderWorld;
let server: CaptureServer;
let token: AgentToken;

beforeEach(async () => {
  [world, server] = [await createDeciderWorld(), await startCaptureServer()];
  token = await world.harness.mint();
  world.harness.judge('ask');
  use('webhook');
});
afterEach(async () => {
  for (const { id } of await world.harness.broker.list({ state: 'pending', limit: 100 }))
    await world.harness.broker.decide({ id, result: 'denied', channel: 'window', reason: 'the test is over' }).catch(() => undefined);
  await world.close();
  await server.close();
});

function use(mode: string, url = server.url): void {
  world.configure({ approvals: { mode }, deciders: { webhook: { url, allow_local: true } } });
}

const text = (reply: CallReply): string => (reply.kind === 'result' ? reply.text : reply.kind);
const types = async (): Promise<string[]> => (await world.harness.events()).map(({ type }) => type);

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not come to that.');
}

/** Lets the exchange run to its end while the call goes on waiting, then lets its time run out. */
async function expectNoDecision(reply: Promise<CallReply>): Promise<void> {
  await eventually(async () => (await types()).some((type) => type === 'webhook.failed' || type === 'webhook.answered'));
  expect((await world.harness.pending())[0]?.state).toBe('pending');
  await world.harness.clock.advance(270_000);
  expect(text(await reply)).toContain('Nobody answered');
  expect(world.harness.effects).toEqual([]);
}

describe('the outbound webhook', () => {
  it('F44: posts the document’s six fields, and who asks in signed headers', async () => {
    await world.harness.call(token, 'one');
    const [request] = server.captured;
    expect(request).toMatchObject({ method: 'POST', path: '/approve' });
    const { target_metadata: metadata, ...body } = JSON.parse(request?.body ?? '') as Record<string, unknown>;
    expect(body).toEqual({
      tool: 'effect',
      args: { text: 'one' },
      target: 'local',
      user: 'owner@example.test',
      risk_level: 'HIGH',
      gateway_id: 'gateway-001',
    });
    expect(metadata).toEqual({ environment: 'test' });
    const headers = request?.headers ?? {};
    const [approval] = await world.harness.broker.list({ state: 'all', limit: 1 });
    expect(headers['gatehouse-request-id']).toBe(approval?.id);
    expect(headers['gatehouse-approval-digest']).toBe(approval?.digest);
    expect(headers['gatehouse-expires']).toBe(approval?.expires_at);
    expect(headers['gatehouse-nonce']).toMatch(/^[0-9a-f]{32}$/);
    const signed = `${String(headers['gatehouse-timestamp'])}.${String(headers['gatehouse-nonce'])}.${request?.body ?? ''}`;
    expect(headers['gatehouse-signature']).toBe(`v1=${createHmac('sha256', testSecret).update(signed).digest('hex')}`);
    expect(request?.headers['authorization']).toBeUndefined();
  });

  it('F44: secrets in arguments do not go out, and are in no event', async () => {
    const secret = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
    await world.harness.call(token, `curl -H "Authorization: Bearer ${secret}" https://a.test`);
    expect(server.captured[0]?.body).not.toContain(secret);
    expect(server.captured[0]?.body).toContain('[redacted]');
    expect(JSON.stringify(await world.harness.events())).not.toContain(testSecret);
  });

  it('F45: a yes lets exactly this call run, once', async () => {
    expect(text(await world.harness.call(token, 'one'))).toBe('did one');
    expect(world.harness.effects).toEqual(['one']);
    const [approval] = await world.harness.broker.list({ state: 'all', limit: 1 });
    expect(approval).toMatchObject({ state: 'consumed', decision: { result: 'approved', channel: 'webhook', by: 'webhook 127.0.0.1' } });
    // Another call, and the same call again, are requests of their own.
    server.answer((_, response) => answerJson(response, { approved: false }));
    await world.harness.call(token, 'one');
    await world.harness.call(token, 'two');
    expect(world.harness.effects).toEqual(['one']);
    expect(new Set(server.captured.map(({ headers }) => headers['gatehouse-approval-digest'])).size).toBe(3);
  });

  it('F45: what changed after the yes was asked for does not run', async () => {
    server.answer((_, response) => {
      world.harness.changeOperand();
      answerJson(response, { approved: true });
    });
    expect(text(await world.harness.call(token, 'one'))).toContain('changed after the operator was asked');
    expect(world.harness.effects).toEqual([]);
    expect(await types()).toContain('approval.approved');
  });

  it('F45: 50 replays of one yes run nothing more', async () => {
    await world.harness.call(token, 'one');
    const [approval] = await world.harness.broker.list({ state: 'all', limit: 1 });
    if (approval === undefined) throw new Error('There was no request.');
    const again = Array.from(
      { length: 50 },
      async () =>
        await world.harness.broker.decide({ id: approval.id, digest: approval.digest, result: 'approved', channel: 'webhook', reason: '' }),
    );
    const results = await Promise.allSettled(again);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(world.harness.effects).toEqual(['one']);
  });

  it.each([
    ['with a reason', { approved: false, reason: 'Not on a \u202eFriday' }, 'Not on a \\u{202e}Friday'],
    ['without one', { approved: false }, 'gave no reason'],
  ])('F46: a no %s ends it, and agent and operator read why', async (_name, answer, words) => {
    server.answer((_, response) => answerJson(response, answer));
    expect(text(await world.harness.call(token, 'one'))).toContain(words);
    expect(world.harness.effects).toEqual([]);
    const [approval] = await world.harness.broker.list({ state: 'all', limit: 1 });
    expect(approval?.decision?.reason).toContain(words);
  });

  it.each([
    ['a page', (url: string) => url, '<html>approved</html>'],
    ['the word true', (url: string) => url, '{"approved":"true"}'],
    ['another port', () => 'http://127.0.0.1:1/approve', ''],
  ])('F47: %s is no decision, and the time runs out', async (_name, change, body) => {
    server.answer((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
    use('webhook', change(server.url));
    const reply = world.harness.call(token, 'one');
    if (body !== '') return await expectNoDecision(reply);
    // Nothing was sent, so it is tried again, with one id and one nonce, and then no more.
    for (const wait of [1000, 4000, 10_000]) {
      await eventually(
        async () => (await types()).filter((type) => type === 'webhook.requested').length > [1000, 4000, 10_000].indexOf(wait),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await world.harness.clock.advance(wait);
    }
    await expectNoDecision(reply);
    const tries = (await world.harness.events()).filter(({ type }) => type === 'webhook.requested').map(({ data }) => data['nonce']);
    expect(tries).toHaveLength(4);
    expect(new Set(tries).size).toBe(1);
  });

  it('F47: a yes after the time is over counts for nothing', async () => {
    const late: (() => void)[] = [];
    server.answer((_, response) => void late.push(() => answerJson(response, { approved: true })));
    const reply = world.harness.call(token, 'one');
    await eventually(async () => Promise.resolve(late.length === 1));
    await world.harness.clock.advance(270_000);
    for (const answer of late) answer();
    expect(text(await reply)).toContain('Nobody answered');
    await world.close();
    expect(world.harness.effects).toEqual([]);
    expect(await types()).toContain('webhook.failed');
  });

  it('F47: a yes after a human no loses', async () => {
    use('both');
    const late: (() => void)[] = [];
    server.answer((_, response) => void late.push(() => answerJson(response, { approved: true })));
    const reply = world.harness.call(token, 'one');
    await eventually(async () => Promise.resolve(late.length === 1));
    const [request] = await world.harness.pending();
    if (request === undefined) throw new Error('Nothing waits.');
    const no = world.harness.broker.decide({ id: request.id, result: 'denied', channel: 'window', reason: 'human' });
    for (const answer of late) answer();
    await no;
    expect(text(await reply)).toContain('human');
    await world.close();
    expect(world.harness.effects).toEqual([]);
  });

  it('F48: the target goes with it, so that an approver can refuse one', async () => {
    server.answer((request, response) => {
      const { target } = JSON.parse(request.body) as { target: string };
      answerJson(response, target === 'local' ? { approved: false, reason: 'not this target' } : { approved: true });
    });
    expect(text(await world.harness.call(token, 'one'))).toContain('not this target');
  });

  it.each(['', 'nonsense', 'http://example.com/approve', 'https://user:pw@example.com/', 'https://exa mple.com/', 'ftp://a.test/'])(
    'F42: without a usable address (%j) the answer is no at once, in the document’s words',
    async (url) => {
      use('webhook', url);
      world.harness.decideBy({ hasOutside: (await world.config.webhook()).state === 'ready' });
      const reply = await world.harness.call(token, 'one');
      expect(text(reply)).toContain('Approval webhook not configured');
      expect(world.harness.effects).toEqual([]);
      const denied = (await world.harness.events()).filter(({ type }) => type === 'call.denied');
      expect(denied.map(({ data }) => data['reason'])).toEqual(['Approval webhook not configured']);
    },
  );

  it('F41: when nobody answers, what asks is denied with a clear reason, and nothing went out', async () => {
    use('window');
    const reply = world.harness.call(token, 'install_package nginx');
    await world.harness.pending();
    await world.harness.clock.advance(270_000);
    expect(text(await reply)).toContain('Nobody answered in 270 s.');
    expect(world.harness.effects).toEqual([]);
    expect(server.captured).toEqual([]);
  });

  it('F84: each request and each answer is in the log, as the server saw it', async () => {
    await world.harness.call(token, 'one');
    const events = await world.harness.events();
    const found = events.filter(({ type }) => type.startsWith('webhook.') || type.startsWith('approval.'));
    expect(found.map(({ type }) => type)).toEqual(['approval.requested', 'webhook.requested', 'webhook.answered', 'approval.approved']);
    expect(found[1]?.data).toMatchObject({ nonce: server.captured[0]?.headers['gatehouse-nonce'], to: server.url });
    expect(found[2]?.data).toMatchObject({ status: 200, answer: 'approved' });
    expect(found.every(({ call_id }) => call_id !== null)).toBe(true);
  });

  it('what cannot be recorded is not sent', async () => {
    world.harness.breakStore((type) => type === 'webhook.requested');
    const failures: unknown[] = [];
    const catcher = (error: unknown): void => void failures.push(error);
    process.once('unhandledRejection', catcher);
    void world.harness.call(token, 'one');
    await world.harness.pending();
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.off('unhandledRejection', catcher);
    expect(server.captured).toEqual([]);
  });
});

describe('F43: approval disabled', () => {
  it('runs what policy would ask about, and says so in the log before it does', async () => {
    world.configure({ approvals: { enabled: false, disabled_acknowledged: true } });
    expect(text(await world.harness.call(token, 'one'))).toBe('did one');
    const order = (await types()).filter((type) => type === 'approval.skipped' || type === 'execution.started');
    expect(order).toEqual(['approval.skipped', 'execution.started']);
    const [skipped] = (await world.harness.events()).filter(({ type }) => type === 'approval.skipped');
    expect(skipped?.data).toMatchObject({ reason: 'approval disabled', tool: 'effect', risk: 'high' });
  });

  it('leaves what policy denies denied', async () => {
    world.configure({ approvals: { enabled: false, disabled_acknowledged: true } });
    world.harness.judge('deny');
    await world.harness.call(token, 'one');
    expect(world.harness.effects).toEqual([]);
  });

  it('runs nothing that cannot be recorded', async () => {
    world.configure({ approvals: { enabled: false, disabled_acknowledged: true } });
    world.harness.breakStore((type) => type === 'approval.skipped');
    await world.harness.call(token, 'one');
    expect(world.harness.effects).toEqual([]);
  });

  it.each([{ enabled: false }, { enabled: 'flase', disabled_acknowledged: true }, { enabled: 0, disabled_acknowledged: true }])(
    'is not what %j says',
    (approvals) => expect(() => world.configure({ approvals })).toThrow(/enabled/),
  );
});
