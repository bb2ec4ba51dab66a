import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/domain/grant.ts';
import type { ApprovalId, Digest, TaskId, TokenId } from '../../../shared/domain/identity.ts';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { callRecord, newTaskId } from '../../testing/store-records.ts';
import { sha256Hex } from '../canonical-json.ts';
import { createChangeBus } from '../change-bus.ts';
import type { PolicyInput } from '../policy/policy.ts';
import type { Store } from '../ports/store.ts';
import type { AskedCall } from './asked-call.ts';
import { createGrants, type Grants, type NewGrant } from './grants.ts';

const minute = 60_000;
let clock: FakeClock;
let store: Store;
let grants: Grants;
let active: Set<string>;

const call = callRecord({ task_id: newTaskId(), digest: sha256Hex('npm test') }) as AskedCall;
const input = (over: Partial<PolicyInput> = {}): PolicyInput => ({
  tool: 'bash',
  agent: call.agent,
  risk: 'high',
  scope: 'bash:exec',
  target: 'local',
  paths: [],
  commands: ['npm test'],
  unparsed: false,
  workspace: '/w',
  hosts: [],
  targetMetadata: {},
  arguments: { command: 'npm test' },
  labels: [],
  now: clock.now(),
  ...over,
});
const request = (over: Partial<NewGrant> = {}): NewGrant => ({
  effect: 'allow',
  sentence: 'Let it run npm test.',
  rule: {
    id: 'allow-bash',
    effect: over.effect ?? 'allow',
    tools: ['bash'],
    agents: [call.agent],
    workspaces: ['/w'],
    commands: ['npm test'],
  },
  call_digest: null,
  duration: '15m',
  channel: 'window',
  approval_id: 'apr_0000000000000000' as ApprovalId,
  call,
  ...over,
});
const give = async (over: Partial<NewGrant> = {}): Promise<Grant> => await grants.give(request(over));
const found = (over: Partial<PolicyInput> = {}, of = call): string | null => grants.find(of, input(over))?.grant.effect ?? null;
const ends = async (): Promise<unknown[]> =>
  (await store.auditEvents({ types: ['grant.ended'], limit: 100 })).map(({ data }) => data['why']);

beforeEach(() => {
  clock = createFakeClock();
  store = createFakeStore({ clock });
  active = new Set([call.token_id]);
  grants = createGrants({
    clock,
    store,
    bus: createChangeBus(),
    home: '/home/me',
    isTokenActive: (id) => active.has(id),
    onError: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
});

describe('grants', () => {
  it('F51: covers what its rule says, and nothing beside it: agent, tool, target, arguments, workspace', async () => {
    expect(found()).toBeNull();
    await give();
    expect(found()).toBe('allow');
    expect(found({ commands: ['npm test', 'rm -rf /'] })).toBeNull();
    expect(found({ unparsed: true })).toBeNull();
    expect(found({ agent: 'another' })).toBeNull();
    expect(found({ tool: 'file_write' })).toBeNull();
    expect(found({ workspace: '/other' })).toBeNull();
    expect(found({ workspace: null })).toBeNull();
    expect(found({}, { ...call, token_id: 'tok_ffffffffffffffff' as TokenId })).toBeNull();
  });

  it.each(['15m', '1h'] as const)('F51: %s ends by time, and use does not renew it', async (duration) => {
    const length = duration === '15m' ? 15 : 60;
    const grant = await give({ duration });
    expect(Date.parse(grant.expires_at ?? '') - Date.parse(grant.created_at)).toBe(length * minute);
    for (let at = 1; at < length; at += 1) {
      await clock.advance(minute);
      expect(found()).toBe('allow');
      grants.use(grant.id);
    }
    expect(grants.list()[0]).toMatchObject({ uses: length - 1, expires_at: grant.expires_at });
    await clock.advance(minute);
    expect(found()).toBeNull();
    expect(await ends()).toEqual(['expired']);
  });

  it.each([
    ['back an hour', -60],
    ['back a minute', -1],
    ['ahead a minute', 1],
    ['ahead an hour', 60],
  ])('F51: a clock that is moved %s ends it: the next call asks', async (_name, minutes) => {
    await give({ duration: '1h' });
    await clock.advance(5 * minute);
    expect(found()).toBe('allow');
    clock.setWall(clock.now() + minutes * minute);
    expect(found()).toBeNull();
    expect(grants.list()).toEqual([]);
  });

  it('F51: a clock that is corrected by a second changes nothing (control), and local time, with its DST, plays no part', async () => {
    await give({ duration: '1h' });
    clock.setWall(clock.now() + 1000);
    expect(found()).toBe('allow');
  });

  it('F51: this task: for this task’s calls, until it ends', async () => {
    await give({ duration: 'task' });
    await clock.advance(120 * minute);
    expect(found()).toBe('allow');
    expect(found({}, { ...call, task_id: 'task_ffffffffffffffff' as TaskId })).toBeNull();
    grants.end({ task: call.task_id }, 'task');
    expect(found()).toBeNull();
    expect(await ends()).toEqual(['task']);
  });

  it('F51: until quit: whatever the clocks say, until it is ended', async () => {
    await give({ duration: 'until-quit' });
    await clock.advance(180 * minute);
    clock.setWall(clock.now() - 60 * minute);
    expect(found()).toBe('allow');
    grants.end('all', 'locked');
    expect(found()).toBeNull();
    expect(await ends()).toEqual(['locked']);
  });

  it('F51: an exact grant is for that call digest alone, so a file that changed asks again', async () => {
    await give({ call_digest: call.digest });
    expect(found()).toBe('allow');
    expect(found({}, { ...call, digest: 'f'.repeat(64) as Digest })).toBeNull();
  });

  it('a refusal counts before a yes, whichever came first', async () => {
    await give();
    const no = await give({ effect: 'deny' });
    await give();
    expect(found()).toBe('deny');
    await grants.revoke(no.id, 'window');
    expect(found()).toBe('allow');
  });

  it('F51: the operation that runs under it is aborted when it expires, is revoked, or its token ends', async () => {
    const reasons: unknown[] = [];
    for (const stop of [
      async () => await clock.advance(15 * minute),
      async (id: Grant['id']) => await grants.revoke(id, 'window'),
      async () => {
        active.clear();
        await clock.advance(1000);
      },
    ]) {
      active.add(call.token_id);
      const grant = await give();
      const signal = grants.find(call, input())?.signal;
      expect(signal?.aborted).toBe(false);
      await stop(grant.id);
      expect(signal?.aborted).toBe(true);
      reasons.push(signal?.reason);
    }
    expect(reasons).toEqual([
      'The time of the grant it ran under is over.',
      'The operator ended the grant it ran under.',
      'The token of the grant it ran under was revoked.',
    ]);
  });

  it('is in the log when it is given and when it ends, with its rule and how often it was used; what cannot be recorded is not given', async () => {
    const grant = await give();
    grants.use(grant.id);
    await grants.revoke(grant.id, 'command-line');
    const [given] = await store.auditEvents({ types: ['grant.given'], limit: 10 });
    expect(given).toMatchObject({ actor: 'operator', data: { grant_id: grant.id, channel: 'window', rule: { commands: ['npm test'] } } });
    const [ended] = await store.auditEvents({ types: ['grant.ended'], limit: 10 });
    expect(ended).toMatchObject({ actor: 'operator', data: { why: 'revoked', uses: 1, channel: 'command-line' } });
    store.commit = () => Promise.reject(new Error('full'));
    await expect(give()).rejects.toThrow('full');
    expect(found()).toBeNull();
  });

  it('another start knows none of them', async () => {
    await give({ duration: 'until-quit' });
    const restarted = createGrants({
      clock,
      store,
      bus: createChangeBus(),
      home: '/',
      isTokenActive: () => true,
      onError: () => undefined,
    });
    expect(restarted.find(call, input())).toBeNull();
  });
});
