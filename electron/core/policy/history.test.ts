import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { callInput, knownTool, policyOf, rulesFile } from '../../testing/policy-subject.ts';
import { callRecord, newApprovalId } from '../../testing/store-records.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Store } from '../ports/store.ts';
import { judgedInput } from './judged-call.ts';
import { createPolicyHistory } from './policy-history.ts';
import type { Policy, PolicyInput } from './policy.ts';
import type { ShellParser } from './shell-parser.ts';

const FIRST = rulesFile(
  '{ id: reads, effect: allow, tools: [file_read] }',
  '{ id: push, effect: ask, tools: [bash], commands: ["git push*"] }',
  '{ id: rest, effect: allow, tools: [bash] }',
  '{ id: erase, effect: ask, tools: [erase] }',
);
const DAY = 86_400_000;

let clock: FakeClock;
let store: Store;
let policy: Policy & { readonly shell: ShellParser };

beforeEach(async () => {
  clock = createFakeClock();
  store = createFakeStore({ clock });
  await store.start();
  policy = await policyOf(FIRST);
});

const history = () =>
  createPolicyHistory({ store, policy, clock, shell: policy.shell, home: '/home/op', tools: (name) => knownTool(name) });

/** Records a call as the pipeline does, judged by the policy in force. */
async function happened(
  tool: string,
  args: JsonObject,
  more: Partial<CallRecord> = {},
  seen: Partial<PolicyInput> = {},
): Promise<CallRecord> {
  const input = callInput(policy.shell, tool, args, { now: clock.now(), ...seen });
  const verdict = policy.evaluate(input);
  const known = knownTool(tool) ?? { risk: 'critical' as const, scope: null };
  const call = callRecord({
    ...{ tool, ...known, arguments: args, workspace: '/w', verdict, judged: judgedInput(input) },
    ...{ received_at: new Date(clock.now()).toISOString(), state: 'finished', outcome: 'succeeded' },
    preview: previewOf(input),
    ...more,
  });
  await store.commit({ events: [], changes: [{ kind: 'call.put', call }] });
  return call;
}

const previewOf = ({ paths, unparsed }: PolicyInput): NonNullable<CallRecord['preview']> => ({
  ...{ summary: 'a call', command: null, cwd: null, operands: [], programs: [], runs_unlisted: [], unparsed, diff: null },
  paths: paths.map((path) => ({ path, access: 'read', exists: true })),
});

const approved = (): Partial<CallRecord> => ({ approval_id: newApprovalId(), started_at: new Date(clock.now()).toISOString() });
const refused = (): Partial<CallRecord> => ({ approval_id: newApprovalId(), outcome: 'denied' });

describe('replay', () => {
  const replay = async (text: string, page: { from?: number | null; limit?: number; most?: number } = {}) =>
    history().replay.page({ text, from: null, limit: 1000, most: 100, ...page });

  it('the same text decides the same', async () => {
    await happened('file_read', { path: 'a' });
    await happened('bash', { command: 'git push' }, approved());
    expect(await replay(FIRST)).toMatchObject({ calls: 2, recorded: 2, stricter: 0, looser: 0, sandbox: 0, changed: [], next: null });
  });

  it('lists what would have been decided differently, newest first, with both rules', async () => {
    const read = await happened('file_read', { path: 'a' });
    const push = await happened('bash', { command: 'git push' }, approved());
    const test = await happened('bash', { command: 'npm test' });
    const other = FIRST.replace('id: reads, effect: allow', 'id: reads, effect: deny')
      .replace('id: push, effect: ask', 'id: push, effect: allow')
      .replace('tools: [bash] }', 'tools: [bash], profile: net }');
    const page = await replay(other);
    expect(page).toMatchObject({ stricter: 1, looser: 1, sandbox: 1 });
    expect(page.changed).toMatchObject([
      { call_id: test.id, direction: 'sandbox', after: { profile: 'net' } },
      { call_id: push.id, direction: 'looser', before: { effect: 'ask', rule: 'push' }, after: { effect: 'allow', rule: 'push' } },
      {
        call_id: read.id,
        direction: 'stricter',
        before: { effect: 'allow' },
        after: { effect: 'deny', rule: 'reads' },
        by_this_text: true,
      },
    ]);
  });

  it('judges by what was so then: time, labels, hosts, target, arguments', async () => {
    const seen = { now: Date.parse('2026-01-10T08:30:00Z'), labels: ['private'], hosts: ['a.test'], targetMetadata: { tier: 'prod' } };
    const call = await happened('call', { n: 5, long: 'x'.repeat(10_000) }, {}, seen);
    const condition =
      "labels: [private], hosts: [a.test], target_metadata: { tier: [prod] }, arguments: { n: { min: 5 }, long: { pattern: 'x*' } }";
    const times = "times: [{ days: [sat], from: '08:00', to: '09:00', zone: UTC }]";
    const text = (rule: string) => rulesFile(`{ id: no, effect: deny, tools: [call], ${rule} }`);
    expect((await replay(text(`${condition}, ${times}`))).changed).toMatchObject([{ call_id: call.id, after: { rule: 'no' } }]);
    expect((await replay(text(`${condition}, ${times.replace('sat', 'sun')}`))).changed).toEqual([]);
  });

  it('what was asked about for another reason would be asked about again', async () => {
    const verdict = { effect: 'ask', rule: 'builtin:data-flow', reason: 'r', profile: 'default', policy_version: 'v' } as const;
    await happened('bash', { command: 'curl x' }, { verdict, ...approved() });
    expect(await replay(FIRST)).toMatchObject({ looser: 0, changed: [] });
    expect((await replay(FIRST.replace('id: rest, effect: allow', 'id: rest, effect: deny'))).changed).toMatchObject([
      { direction: 'stricter', after: { effect: 'deny', rule: 'rest' } },
    ]);
  });

  it('works out calls of before policy’s view was kept, and says how many', async () => {
    const { judged, ...old } = await happened('bash', { command: 'git push origin x' });
    expect(judged).toBeDefined();
    await store.commit({ events: [], changes: [{ kind: 'call.put', call: old }] });
    const page = await replay(FIRST.replace('id: push, effect: ask', 'id: push, effect: deny'));
    expect(page).toMatchObject({ worked_out: 1, stricter: 1, changed: [{ after: { rule: 'push' } }] });
  });

  it('says what the policy in force decides so already, and passes over tools that are gone', async () => {
    const verdict = { effect: 'allow', rule: 'was', reason: 'r', profile: 'default', policy_version: 'v' } as const;
    await happened('bash', { command: 'git push' }, { verdict });
    await happened('bash', { command: 'x' }, { tool: 'gone' });
    expect(await replay(FIRST)).toMatchObject({ skipped: 1, changed: [{ direction: 'stricter', by_this_text: false }] });
  });

  it('a text with a mistake replays nothing and names its line', async () => {
    await happened('file_read', { path: 'a' });
    expect(await replay(FIRST.replace('effect: ask', 'effect: perhaps'))).toMatchObject({ calls: 0, problems: [{ line: 4 }] });
  });

  it('comes in pages that together are the whole; the list is bounded, the counts are not', async () => {
    for (let index = 0; index < 7; index += 1) await happened('file_read', { path: `f${index}` });
    const other = FIRST.replace('id: reads, effect: allow', 'id: reads, effect: deny');
    const first = await replay(other, { limit: 3, most: 1 });
    expect(first).toMatchObject({ calls: 3, stricter: 3, recorded: 7 });
    expect(first.changed).toHaveLength(1);
    const second = await replay(other, { from: first.next, limit: 100 });
    expect(second).toMatchObject({ calls: 4, stricter: 4, recorded: null, next: null });
  });
});

describe('the gardener', () => {
  const garden = async (more: Partial<Parameters<ReturnType<typeof history>['gardener']['garden']>[0]> = {}) =>
    history().gardener.garden({ text: null, staleDays: 30, calls: 10_000, least: 3, ...more });
  const findings = async (text: string) => Object.fromEntries((await garden({ text })).rules.map(({ id, finding }) => [id, finding]));

  it('finds rules that match nothing, are always beaten, or have matched nothing for long', async () => {
    await happened('file_read', { path: 'old' });
    await clock.advance(40 * DAY);
    await happened('bash', { command: 'npm test' });
    const text = rulesFile(
      '{ id: reads, effect: allow, tools: [file_read] }',
      '{ id: tests, effect: allow, tools: [bash], profile: read-only, commands: ["npm test"] }',
      '{ id: beaten, effect: allow, tools: [bash] }',
      '{ id: nothing, effect: deny, tools: [bash], commands: ["rm *"] }',
      '{ id: shown, effect: deny, tools: [bash], commands: ["dd *"], examples: [{ tool: bash, args: { command: dd x }, effect: deny }] }',
    );
    expect(await findings(text)).toEqual({ reads: 'stale', tests: null, beaten: 'shadowed', nothing: 'never', shown: 'stale' });
    const report = await garden({ text });
    expect(report.rules[2]).toMatchObject({ matches: 1, decided: 0, by: [{ rule: 'tests', calls: 1 }] });
    expect(report.rules[3]?.advice).toContain('safeguard');
    expect(report).toMatchObject({ calls: 2, is_whole: true });
    expect(await garden({ text, calls: 1 })).toMatchObject({ calls: 1, is_whole: false });
  });

  it('without history nothing is stale', async () => {
    expect(await findings(FIRST)).toEqual({ reads: 'never', push: 'never', rest: 'never', erase: 'never' });
    expect((await garden()).suggestions).toEqual([]);
  });

  it('suggests a rule for what was always approved, with exactly the calls that it would cover, and the rule works', async () => {
    const pushes = [];
    for (let index = 0; index < 4; index += 1) pushes.push(await happened('bash', { command: 'git push origin main' }, approved()));
    const tries = await happened('bash', { command: 'git push origin main' }, { approval_id: newApprovalId(), outcome: 'expired' });
    await happened('bash', { command: 'git push --force' }, approved());
    const { suggestions } = await garden();
    expect(suggestions).toMatchObject([{ approvals: 4, covered: 5, asked_by: ['push'], rule: { effect: 'allow', overrides: ['push'] } }]);
    expect(suggestions[0]?.covers.map(({ call_id }) => call_id)).toEqual([tries.id, ...pushes.map(({ id }) => id).reverse()]);
    expect(suggestions[0]?.sentence).toContain('Approved 4 times, always the same shape.');
    expect(suggestions[0]?.diff).toContain('+  - id: ');
    const rule = suggestions[0]?.rule;
    if (rule === undefined) throw new Error('No rule was suggested.');
    const trial = policy.trial(policy.previewRule(rule).text);
    const say = (command: string) => (trial.ok ? trial.evaluate(callInput(policy.shell, 'bash', { command })).effect : null);
    expect([say('git push origin main'), say('git push --force'), say('git push origin main; x')]).toEqual(['allow', 'ask', 'ask']);
  });

  it('a shape, where the words differ', async () => {
    policy = await policyOf(FIRST.replace('git push*', 'git commit*'));
    for (const message of ['a', 'b', 'c']) await happened('bash', { command: `git commit -m ${message}` }, approved());
    const { suggestions } = await garden();
    expect(suggestions).toMatchObject([{ approvals: 3, covered: 3, rule: { commands: ['regex:git commit( .*)?'] } }]);
  });

  it('also where no rule had an opinion', async () => {
    for (let index = 0; index < 3; index += 1) await happened('call', { n: 1 }, approved());
    expect((await garden()).suggestions).toMatchObject([{ asked_by: [], rule: { tools: ['call'], arguments: { n: { one_of: [1] } } } }]);
  });

  it('suggests nothing that was once refused', async () => {
    for (let index = 0; index < 5; index += 1) await happened('bash', { command: 'git push' }, approved());
    await happened('bash', { command: 'git push' }, refused());
    expect((await garden()).suggestions).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['critical risk', () => happened('erase', { n: 1 }, approved())],
    ['a command that was not understood', () => happened('bash', { command: 'eval "$X"; git push' }, approved(), { unparsed: true })],
    ...['builtin:data-flow', 'builtin:not-confined', 'builtin:critical', 'builtin:target-approval'].map(
      (rule): [string, () => Promise<unknown>] => [
        `what ${rule} asked about`,
        () =>
          happened(
            'bash',
            { command: 'git push' },
            { ...approved(), verdict: { effect: 'ask', rule, reason: '', profile: 'default', policy_version: '' } },
          ),
      ],
    ),
  ])('suggests nothing for %s', async (_name, call) => {
    for (let index = 0; index < 6; index += 1) await call();
    expect((await garden()).suggestions).toEqual([]);
  });

  it('suggests nothing that the policy in force allows by now', async () => {
    for (let index = 0; index < 5; index += 1) await happened('bash', { command: 'git push' }, approved());
    expect((await garden()).suggestions).toHaveLength(1);
    policy = await policyOf(FIRST.replace('id: push, effect: ask', 'id: push, effect: allow'));
    expect((await garden()).suggestions).toEqual([]);
  });
});
