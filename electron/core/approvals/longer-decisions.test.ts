import { beforeEach, describe, expect, it } from 'vitest';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { GrantBreadth, GrantDuration } from '../../../shared/domain/grant.ts';
import type { AgentToken, Digest } from '../../../shared/domain/identity.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import { createPipelineHarness, type PipelineHarness } from '../../testing/pipeline-harness.ts';
import type { CallReply } from '../pipeline/call-context.ts';
import { createLongerDecisions, type LongerDecisions } from './longer-decisions.ts';

let harness: PipelineHarness;
let token: AgentToken;
let longer: LongerDecisions;
let tellsLock: boolean;
let appended: PolicyRule[];
let version: string;

const text = (reply: CallReply): string => (reply.kind === 'result' ? reply.text : reply.kind);
const minute = 60_000;

beforeEach(async () => {
  harness = await createPipelineHarness();
  token = await harness.mint();
  harness.judge('ask');
  tellsLock = true;
  appended = [];
  version = 'v1';
  const change = (rule: PolicyRule) => ({
    ok: true,
    problems: [],
    text: '',
    diff: `+ ${rule.id}`,
    before: version,
    version: 'v2',
    rules: 1,
  });
  longer = createLongerDecisions({
    broker: harness.broker,
    grants: harness.grants,
    store: harness.store,
    watch: { status: () => ({ tellsLock, sources: [], why: tellsLock ? null : 'nobody tells' }) },
    decidesAlone: harness.deps.decidesAlone,
    policy: {
      status: () => ({ file: 'policy.yaml', version, rules: 1, state: 'active', loaded_at: '', problems: [] }),
      previewRule: change,
      appendRule: (rule) => {
        appended.push(rule);
        return Promise.resolve(change(rule));
      },
    },
  });
});

async function only(): Promise<Approval> {
  const [request] = await harness.pending();
  if (request === undefined) throw new Error('Nothing is pending.');
  return request;
}

async function decide(
  result: 'approved' | 'denied',
  duration: GrantDuration,
  { breadth = 'exact', hash }: { readonly breadth?: GrantBreadth; readonly hash?: Digest | undefined } = {},
) {
  const { id, digest } = await only();
  return await longer.decide({ id, digest, result, channel: 'window', reason: 'because' }, { duration, breadth, hash });
}

/** Makes the call; true when nobody was asked. */
async function runsUnasked(name: string, of = token): Promise<boolean> {
  const reply = harness.call(of, name);
  const asked = await Promise.race([reply.then(() => false), harness.pending().then(() => true)]);
  if (!asked) return text(await reply) === `did ${name}`;
  const { id } = await only();
  await harness.broker.decide({ id, result: 'denied', channel: 'window', reason: 'no' });
  await reply;
  return false;
}

describe('decisions that count for longer', () => {
  it('F51: once leaves nothing behind', async () => {
    const reply = harness.call(token, 'one');
    expect((await decide('approved', 'once')).grant).toBeNull();
    expect(text(await reply)).toBe('did one');
    expect(await runsUnasked('one')).toBe(false);
  });

  it.each(['task', '15m', '1h', 'until-quit'] as const)('F51: %s lets the same call through, recorded with its grant', async (duration) => {
    const reply = harness.call(token, 'one');
    const { grant } = await decide('approved', duration);
    await reply;
    expect(grant).toMatchObject({ duration, effect: 'allow' });
    expect(await runsUnasked('one')).toBe(true);
    expect(await runsUnasked('two')).toBe(false);
    expect(await runsUnasked('one', await harness.mint('other'))).toBe(false);
    const started = (await harness.events()).filter(({ type }) => type === 'execution.started');
    expect(started.map(({ data }) => data['grant_id'])).toEqual([null, grant?.id]);
  });

  it('F51: 15 minutes are over after 15 minutes', async () => {
    const reply = harness.call(token, 'one');
    await decide('approved', '15m');
    await reply;
    await harness.clock.advance(14 * minute);
    expect(await runsUnasked('one')).toBe(true);
    await harness.clock.advance(minute);
    expect(await runsUnasked('one')).toBe(false);
  });

  it('F51: an operation that runs under a grant is aborted when the grant is revoked', async () => {
    const reply = harness.call(token, 'hang');
    const { grant } = await decide('approved', '1h');
    const second = harness.call(token, 'hang');
    for (let tries = 0; harness.grants.list()[0]?.uses !== 1 && tries < 200; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (grant !== null) await harness.grants.revoke(grant.id, 'window');
    expect(text(await second)).toContain('The operator ended the grant');
    // The first one ran under its own yes, which the grant's end does not take back.
    expect(await Promise.race([reply.then(() => 'ended'), Promise.resolve('running')])).toBe('running');
  });

  it('F51: a changed operand is another call to an exact grant', async () => {
    const reply = harness.call(token, 'one');
    await decide('approved', '1h');
    await reply;
    harness.changeOperand();
    expect(await runsUnasked('one')).toBe(false);
  });

  it('F51: a no can count for longer too, and counts whatever the rules allow', async () => {
    const reply = harness.call(token, 'one');
    await decide('denied', '1h');
    await reply;
    harness.judge('allow');
    const refused = text(await harness.call(token, 'one'));
    expect(refused).toContain('has refused calls like this');
    expect(text(await harness.call(token, 'two'))).toBe('did two');
    expect(harness.effects).toEqual(['two']);
  });

  it('F51: a timeout is a no, once, and never a rule', async () => {
    const reply = harness.call(token, 'one');
    await only();
    await harness.clock.advance(270_000);
    await reply;
    expect(harness.grants.list()).toEqual([]);
    expect(appended).toEqual([]);
  });

  it('F51: until quit becomes an hour where nobody tells of a locked screen, and the offer says so', async () => {
    tellsLock = false;
    const reply = harness.call(token, 'one');
    expect(await longer.offers((await only()).id)).toMatchObject({ until_quit_is: '1h', why: 'nobody tells' });
    expect((await decide('approved', 'until-quit')).grant).toMatchObject({ duration: '1h' });
    await reply;
  });

  it('F51: always is the rule that was shown, by its hash; it answers the rule that asked', async () => {
    const reply = harness.call(token, 'one');
    const { offers } = await longer.offers((await only()).id);
    const offer = offers.find(({ effect, breadth }) => effect === 'allow' && breadth === 'exact');
    expect(offer).toMatchObject({ diff: `+ ${offer?.rule.id ?? ''}`, rule: { commands: ['effect one'], overrides: ['rule-ask'] } });
    await expect(decide('approved', 'always')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(decide('approved', 'always', { hash: 'f'.repeat(64) as Digest })).rejects.toMatchObject({ code: 'conflict' });
    version = 'v3';
    await expect(decide('approved', 'always', { hash: offer?.hash })).rejects.toMatchObject({ code: 'conflict' });
    version = 'v1';
    expect(await decide('approved', 'always', { hash: offer?.hash })).toMatchObject({ grant: null, rule: offer?.rule.id });
    expect(appended).toEqual([offer?.rule]);
    expect(text(await reply)).toBe('did one');
  });

  it('nothing is left behind when the decision itself is lost', async () => {
    const reply = harness.call(token, 'one');
    const { id, digest } = await only();
    const both = await Promise.allSettled([
      harness.broker.decide({ id, digest, result: 'denied', channel: 'command-line', reason: 'no' }),
      longer.decide({ id, digest, result: 'approved', channel: 'window', reason: '' }, { duration: '1h', breadth: 'exact' }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await reply;
    expect(harness.grants.list()).toHaveLength(both[1].status === 'fulfilled' ? 1 : 0);
  });

  it('where somebody outside must agree each time, only once is offered', async () => {
    harness.decideBy({ mode: 'both-required', hasOutside: true });
    const reply = harness.call(token, 'one');
    const { offers } = await longer.offers((await only()).id);
    expect(offers.find(({ effect }) => effect === 'allow')?.durations).toEqual(['once']);
    await expect(decide('approved', '1h')).rejects.toMatchObject({ code: 'invalid_input' });
    await decide('denied', 'once');
    await reply;
  });
});
