import { describe, expect, it } from 'vitest';
import { callInput, policyOf, rulesFile } from '../../testing/policy-subject.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import { callHosts } from './call-hosts.ts';
import { compileRule } from './compiled-rules.ts';
import { createShellParser } from './create-shell-parser.ts';
import type { PolicyInput } from './policy.ts';

const shell = createShellParser();
await shell.start();
const input = (tool: string, args: JsonObject, more: Partial<PolicyInput> = {}) => callInput(shell, tool, args, more);

/** Whether one rule with this condition matches, for each effect: [allow, deny]. A rule that asks is as one that denies. */
function matches(conditions: Partial<PolicyRule>, call: PolicyInput): [boolean, boolean] {
  const of = (effect: PolicyRule['effect']) => {
    const compiled = compileRule({ id: 'r', effect, ...conditions }, '/home/op');
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
    return compiled.matches(call);
  };
  expect(of('ask')).toBe(of('deny'));
  return [of('allow'), of('deny')];
}
const BOTH: [boolean, boolean] = [true, true];
const NONE: [boolean, boolean] = [false, false];
const DENY_ONLY: [boolean, boolean] = [false, true];

describe('F39: what the arguments may be', () => {
  const n = (value: JsonValue) => input('call', { n: value });
  it.each<[string, NonNullable<PolicyRule['arguments']>, JsonValue, [boolean, boolean]]>([
    ['one of, by type too', { n: { one_of: [1, 'a', null] } }, 1, BOTH],
    ['one of, by type too', { n: { one_of: [1, 'a', null] } }, '1', NONE],
    ['null is a value', { n: { one_of: [null] } }, null, BOTH],
    ['a pattern', { n: { pattern: 'web-*' } }, 'web-1', BOTH],
    ['a pattern matches the whole', { n: { pattern: 'regex:[a-z]+' } }, 'abc; rm', NONE],
    ['a pattern over lines', { n: { pattern: 'regex:[a-z]+' } }, 'abc\nrm', NONE],
    ['a range', { n: { min: 1, max: 10 } }, 10, BOTH],
    ['a range', { n: { min: 1, max: 10 } }, 10.5, NONE],
    ['huge', { n: { min: 1, max: 10 } }, 1e308, NONE],
    ['-0', { n: { min: 0 } }, -0, BOTH],
    ['a length', { n: { max_length: 3 } }, 'abc', BOTH],
    ['a length', { n: { max_length: 3 } }, 'abcd', NONE],
    ['a huge text', { n: { max_length: 3 } }, 'x'.repeat(1_000_000), NONE],
    ['present', { n: { present: true } }, false, BOTH],
    ['all keys of one', { n: { pattern: 'a*', max_length: 2 } }, 'abc', NONE],
    // What cannot be judged never lets through, and never slips past.
    ['a number where a text belongs', { n: { pattern: '*' } }, 5, DENY_ONLY],
    ['a text where a number belongs', { n: { max: 5 } }, '3', DENY_ONLY],
    ['NaN', { n: { max: 5 } }, Number.NaN, DENY_ONLY],
    ['Infinity', { n: { min: 5 } }, Number.POSITIVE_INFINITY, DENY_ONLY],
    ['an object', { n: { one_of: ['x'] } }, { x: 1 }, DENY_ONLY],
    ['a list in a list', { n: { one_of: ['x'] } }, [['x']], DENY_ONLY],
    ['an object has no length', { n: { max_length: 3 } }, {}, DENY_ONLY],
    // Of a list every one for a yes, one for a no.
    ['a list', { n: { one_of: ['a', 'b'] } }, ['a', 'b'], BOTH],
    ['a list', { n: { one_of: ['a', 'b'] } }, ['a', 'c'], DENY_ONLY],
    ['a list', { n: { one_of: ['a', 'b'] } }, ['c'], NONE],
    ['an empty list', { n: { one_of: ['a'] } }, [], NONE],
    ['a list has a length', { n: { max_length: 1 } }, ['aaaa'], BOTH],
    ['into an object', { 'n.image.tag': { pattern: '1.*' } }, { image: { tag: '1.2' } }, BOTH],
    ['into a list', { 'n.1': { one_of: ['b'] } }, ['a', 'b'], BOTH],
    ['not into a text', { 'n.length': { min: 0 } }, 'abc', NONE],
    ['not into a list’s own', { 'n.length': { min: 0 } }, [1], NONE],
  ])('%s: %j with %j', (_name, constraints, value, expected) => {
    expect(matches({ arguments: constraints }, n(value))).toEqual(expected);
  });

  it('what is not there matches only “not given”; inherited names are not there', () => {
    for (const path of ['x', 'constructor', 'toString', 'n.constructor.name']) {
      expect(matches({ arguments: { [path]: { present: true } } }, n('v'))).toEqual(NONE);
      expect(matches({ arguments: { [path]: { pattern: '*' } } }, n('v'))).toEqual(NONE);
      expect(matches({ arguments: { [path]: { present: false } } }, n('v'))).toEqual(BOTH);
    }
    expect(matches({ arguments: { n: { present: false } } }, n(null))).toEqual(NONE);
    const hostile = input('call', JSON.parse('{"__proto__": {"n": "yes"}, "m": 1}') as JsonObject);
    expect(matches({ arguments: { n: { present: true } } }, hostile)).toEqual(NONE);
    expect(matches({ arguments: { n: { present: false } } }, hostile)).toEqual(BOTH);
  });

  it('answers soon on a pattern and a text that would take a backtracking engine for ever', () => {
    expect(matches({ arguments: { n: { pattern: 'regex:(a+)+b' } } }, n('a'.repeat(50_000)))).toEqual(NONE);
  });
});

describe('times', () => {
  const at = (time: string) => input('call', {}, { now: Date.parse(time) });
  it.each<[string, NonNullable<PolicyRule['times']>[number], string, boolean]>([
    ['within', { from: '08:00', to: '18:00', zone: 'UTC' }, '2026-01-05T08:00:00Z', true],
    ['the end is not included', { from: '08:00', to: '18:00', zone: 'UTC' }, '2026-01-05T18:00:00Z', false],
    ['the last minute is', { from: '08:00', to: '18:00', zone: 'UTC' }, '2026-01-05T17:59:59.999Z', true],
    ['a whole day', { from: '00:00', to: '24:00', zone: 'UTC' }, '2026-01-05T23:59:59Z', true],
    ['a day of the week', { days: ['mon'], from: '00:00', to: '24:00', zone: 'UTC' }, '2026-01-05T12:00:00Z', true],
    ['another one', { days: ['tue'], from: '00:00', to: '24:00', zone: 'UTC' }, '2026-01-05T12:00:00Z', false],
    ['the day of the zone', { days: ['tue'], from: '00:00', to: '24:00', zone: 'Pacific/Auckland' }, '2026-01-05T12:00:00Z', true],
    ['before midnight', { from: '22:00', to: '06:00', zone: 'UTC' }, '2026-01-05T23:00:00Z', true],
    ['after midnight', { from: '22:00', to: '06:00', zone: 'UTC' }, '2026-01-06T05:59:00Z', true],
    ['by day', { from: '22:00', to: '06:00', zone: 'UTC' }, '2026-01-06T06:00:00Z', false],
    [
      'the hours after midnight belong to the day before',
      { days: ['fri'], from: '22:00', to: '06:00', zone: 'UTC' },
      '2026-01-10T03:00:00Z',
      true,
    ],
    ['and not to their own', { days: ['sat'], from: '22:00', to: '06:00', zone: 'UTC' }, '2026-01-10T03:00:00Z', false],
    ['Monday’s first hours belong to Sunday', { days: ['sun'], from: '22:00', to: '06:00', zone: 'UTC' }, '2026-01-05T01:00:00Z', true],
    // Berlin goes from UTC+1 to UTC+2 on 29 March 2026 at 01:00 UTC, and back on 25 October at 01:00 UTC.
    ['before the clock goes forward', { from: '01:30', to: '02:30', zone: 'Europe/Berlin' }, '2026-03-29T00:45:00Z', true],
    ['the hour that is skipped', { from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-03-29T01:00:00Z', false],
    ['right after it', { from: '03:00', to: '04:00', zone: 'Europe/Berlin' }, '2026-03-29T01:00:00Z', true],
    ['the hour that comes twice: first', { from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T00:30:00Z', true],
    ['the hour that comes twice: again', { from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T01:30:00Z', true],
    ['after it', { from: '02:00', to: '03:00', zone: 'Europe/Berlin' }, '2026-10-25T02:00:00Z', false],
    ['over midnight and the change', { days: ['sat'], from: '22:00', to: '06:00', zone: 'Europe/Berlin' }, '2026-03-29T03:30:00Z', true],
    ['a zone of 45 minutes', { from: '17:40', to: '17:50', zone: 'Asia/Kathmandu' }, '2026-01-05T12:00:00Z', true],
  ])('%s', (_name, span, time, isIn) => {
    expect(matches({ times: [span] }, at(time))).toEqual(isIn ? BOTH : NONE);
  });

  it('one span is enough; without a zone it is this machine’s', () => {
    const noon = new Date(2026, 0, 5, 12, 0).getTime();
    const local = input('call', {}, { now: noon });
    expect(
      matches(
        {
          times: [
            { from: '01:00', to: '01:01' },
            { days: ['mon'], from: '11:59', to: '12:01' },
          ],
        },
        local,
      ),
    ).toEqual(BOTH);
  });

  it('the same rule asked again and again follows the clock, forward and back', () => {
    const compiled = compileRule({ id: 'r', effect: 'allow', times: [{ from: '08:00', to: '09:00', zone: 'UTC' }] }, '/');
    const asked = ['07:59:59', '08:00:00', '08:59:59', '09:00:00', '08:30:00', '07:00:00'].map((time) =>
      compiled.ok ? compiled.matches(at(`2026-01-05T${time}Z`)) : null,
    );
    expect(asked).toEqual([false, true, true, false, true, false]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 9e15, -9e15])(
    'a time that is none (%d) lets nothing through and stops what it can',
    (now) => {
      expect(matches({ times: [{ from: '00:00', to: '24:00' }] }, input('call', {}, { now }))).toEqual(DENY_ONLY);
      expect(matches({ times: [{ from: '01:00', to: '02:00' }] }, input('call', {}, { now }))).toEqual(DENY_ONLY);
    },
  );
});

describe('hosts', () => {
  const reaching = (...hosts: string[]) => input('call', {}, { hosts });
  it.each<[string, string[], string[], [boolean, boolean]]>([
    ['the same', ['a.test'], ['a.test'], BOTH],
    ['below', ['*.a.test'], ['x.a.test'], BOTH],
    ['not beside', ['*.a.test'], ['xa.test', 'a.test.evil'], NONE],
    ['one of two', ['a.test'], ['a.test', 'b.test'], DENY_ONLY],
    ['none is never every', ['*'], [], NONE],
    ['all below one, by all below one', ['*.a.test'], ['*.a.test'], BOTH],
    ['all below one, by all below its parent', ['*.test'], ['*.a.test'], BOTH],
    ['all below one, by one of them', ['x.a.test'], ['*.a.test'], DENY_ONLY],
    ['all below one, by some of them', ['dev-*.a.test'], ['*.a.test'], DENY_ONLY],
    ['all below one, not another', ['x.b.test'], ['*.a.test'], NONE],
    ['any host', ['a.test'], ['*'], DENY_ONLY],
    ['any host, by any', ['*'], ['*'], BOTH],
    ['a regular expression says nothing of many', ['regex:.*\\.a\\.test'], ['*.a.test'], DENY_ONLY],
    ['a regular expression of one', ['regex:[a-z]+\\.a\\.test'], ['x.a.test'], BOTH],
    ['an address', ['::1', '10.*'], ['::1', '10.0.0.1'], BOTH],
  ])('%s: %j for %j', (_name, patterns, hosts, expected) => {
    expect(matches({ hosts: patterns }, reaching(...hosts))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ['https://Example.COM/x?y=http://b.test', ['example.com', 'b.test']],
    ['https://user:pw@a.test:8443/', ['a.test']],
    ['https://a.test\\@evil.test/', ['a.test', 'evil.test']],
    ['http://[::1]:80/ and http://0x7f.1/', ['::1', '127.0.0.1']],
    ['https://a.test./', ['a.test']],
    ['http:a.test', ['a.test']],
    ['HTTPS:/\\a.test', ['a.test']],
    ['ssh://git@a.test/x', ['a.test']],
    ['git clone git@a.test:x/y.git', ['a.test']],
    ['https://bücher.test', ['xn--bcher-kva.test']],
    ['https://%61.test', ['a.test']],
    ['no host: here', []],
    ['C:\\x', []],
  ])('the arguments %j name %j', (text, hosts) => {
    expect([...callHosts('bash:exec', { deep: [{ text }] })].sort()).toEqual([...hosts].sort());
  });

  it('what a file is given names none; too much to look at names any', () => {
    expect(callHosts('file:write', { content: 'https://a.test' })).toEqual([]);
    const many = Array.from({ length: 300 }, (_, index) => `https://h${index}.test`).join(' ');
    expect(callHosts('bash:exec', { many })).toEqual(['*']);
    expect(callHosts('bash:exec', { long: 'x'.repeat(1_000_001) })).toEqual(['*']);
  });

  it('what the sandbox of the deciding rule can reach counts', async () => {
    const allow = '{ id: net, effect: allow, tools: [bash], profile: net }';
    const say = async (...rules: string[]) => (await policyOf(rulesFile(...rules))).evaluate(input('bash', { command: 'curl x' }));
    expect(await say(allow)).toMatchObject({ effect: 'allow', profile: 'net' });
    expect(await say(allow, '{ id: no, effect: deny, hosts: [evil.example.com] }')).toMatchObject({ effect: 'deny', rule: 'no' });
    expect(await say(allow, '{ id: no, effect: ask, hosts: [api.test] }')).toMatchObject({ effect: 'ask', rule: 'no' });
    expect(await say(allow, '{ id: no, effect: deny, hosts: [other.test] }')).toMatchObject({ effect: 'allow' });
    const some = '{ id: net, effect: allow, tools: [bash], profile: net, hosts: ["*.example.com"] }';
    expect(await say(some)).toMatchObject({ effect: 'ask', rule: 'builtin:no-rule' });
    expect(await say(some.replace('"*.example.com"', '"*.example.com", api.test'))).toMatchObject({ effect: 'allow' });
    // A question that is answered runs in its rule's sandbox.
    expect(await say('{ id: q, effect: ask, profile: net }', '{ id: no, effect: deny, hosts: [api.test] }')).toMatchObject({ rule: 'no' });
  });
});

describe('where, on what, after what', () => {
  it('the workspace, as a path; a call without one matches none', () => {
    expect(matches({ workspaces: ['~/code/**'] }, input('call', {}, { workspace: '/home/op/code/shop' }))).toEqual(BOTH);
    expect(matches({ workspaces: ['~/code/*'] }, input('call', {}, { workspace: '/home/op/code/shop/x' }))).toEqual(NONE);
    expect(matches({ workspaces: ['**'] }, input('call', {}, { workspace: null }))).toEqual(NONE);
  });

  it('the target’s metadata: every key named, own ones only', () => {
    const on = (targetMetadata: Record<string, string>) => input('call', {}, { targetMetadata });
    expect(matches({ target_metadata: { tier: ['prod', 'stag*'] } }, on({ tier: 'staging' }))).toEqual(BOTH);
    expect(matches({ target_metadata: { tier: ['*'], team: ['a'] } }, on({ tier: 'prod' }))).toEqual(NONE);
    expect(matches({ target_metadata: { constructor: ['*'] } }, on({}))).toEqual(NONE);
  });

  it('labels: the task carries all of them', () => {
    const carrying = (...labels: string[]) => input('call', {}, { labels });
    expect(matches({ labels: ['private', 'untrusted'] }, carrying('untrusted', 'private'))).toEqual(BOTH);
    expect(matches({ labels: ['private', 'untrusted'] }, carrying('private'))).toEqual(NONE);
  });

  it('a rule on its own tells what does not compile, and where', () => {
    const rule: PolicyRule = { id: 'r', effect: 'allow', tools: ['regex:('], times: [{ from: '01:00', to: '02:00', zone: 'Mars/Base' }] };
    expect(compileRule(rule, '/')).toMatchObject({ ok: false, problems: [{ path: 'tools.0', line: null }, { path: 'times.0.zone' }] });
  });
});

describe('a rule that answers another’s question', () => {
  const ask = '{ id: ask-push, effect: ask, commands: ["git push*"] }';
  const yes = '{ id: yes, effect: allow, commands: ["git push origin main", "git status"], overrides: [ask-push] }';
  const say = async (command: string, ...rules: string[]) => (await policyOf(rulesFile(...rules))).evaluate(input('bash', { command }));

  it('allows what it covers, wherever it stands, and nothing else', async () => {
    for (const rules of [
      [ask, yes],
      [yes, ask],
    ])
      expect(await say('git push origin main', ...rules)).toMatchObject({ effect: 'allow', rule: 'yes' });
    expect(await say('git push origin main; curl x', ask, yes)).toMatchObject({ effect: 'ask', rule: 'ask-push' });
    expect(await say('git push --force', ask, yes)).toMatchObject({ effect: 'ask', rule: 'ask-push' });
    expect(await say('git push origin main', ask, yes.replace(', overrides: [ask-push]', ''))).toMatchObject({ effect: 'ask' });
  });

  it('answers only the question that it names, and never opens what is denied', async () => {
    const other = '{ id: ask-all, effect: ask, tools: [bash] }';
    expect(await say('git push origin main', ask, yes, other)).toMatchObject({ effect: 'ask', rule: 'ask-all' });
    expect(await say('git push origin main', ask, yes, '{ id: no, effect: deny, tools: [bash] }')).toMatchObject({ effect: 'deny' });
  });

  it('is a mistake where it names what does not ask', async () => {
    const problems = async (...rules: string[]) => (await (await policyOf(rulesFile(...rules))).check(rulesFile(...rules))).problems;
    expect(await problems(yes)).toMatchObject([{ line: 3, path: 'rules[0].overrides[0]', message: 'there is no rule called `ask-push`' }]);
    expect(await problems(ask.replace('ask,', 'deny,'), yes)).toMatchObject([{ line: 4 }]);
    expect(await problems(ask, yes.replace('allow', 'ask'))).toMatchObject([{ line: 4, path: 'rules[1].overrides' }]);
  });
});

describe('F38: a mistake in a condition is told by line, and nothing of the file comes into force', () => {
  it.each([
    ['arguments: { n: { mim: 3 } }', 'unknown key `mim`'],
    ['arguments: { n: {} }', 'name at least one of'],
    ['arguments: { n: { min: 3, max: 2 } }', 'min is greater than max'],
    ['arguments: { n: { min: .nan } }', 'expected number'],
    ['arguments: { n: { max: .inf } }', 'expected number'],
    ['arguments: { n: { min: "3" } }', 'expected number'],
    ['arguments: { n: { present: false, min: 3 } }', 'stands alone'],
    ['arguments: { n: { pattern: "regex:(" } }', 'RE2'],
    ['arguments: { "a b": { present: true } }', ''],
    ['arguments: { __proto__: { present: false } }', '`__proto__` cannot be a key'],
    ['arguments: {}', 'at least one'],
    ['times: [{ from: "25:00", to: "26:00" }]', 'HH:MM'],
    ['times: [{ from: 8, to: 9 }]', 'expected string'],
    ['times: [{ from: "08:00", to: "08:00" }]', 'nothing lies between'],
    ['times: [{ from: "08:00", to: "09:00", zone: Mars/Base }]', 'no time zone'],
    ['times: [{ days: [monday], from: "08:00", to: "09:00" }]', 'mon'],
    ['hosts: [Example.com]', 'lower case'],
    ['hosts: ["https://a.test"]', 'only the host'],
    ['hosts: ["a.test:443"]', 'only the host'],
    ['hosts: ["bücher.test"]', 'punycode'],
    ['hosts: [5]', 'expected string'],
    ['workspaces: [code]', 'a path pattern starts with'],
    ['labels: [Private]', 'lower-case'],
    ['target_metadata: { tier: prod }', 'expected array'],
    ['examples: [{ tool: call, args: {}, effect: deny, at: yesterday }]', 'datetime'],
    ['examples: [{ tool: call, args: {}, effect: deny, workspace: here }]', 'absolute'],
  ])('%s', async (condition, message) => {
    const text = `version: 1\nrules:\n  - id: fine\n    effect: ask\n  - id: a\n    effect: deny\n    ${condition}\n`;
    const policy = await policyOf(text);
    expect(policy.status()).toMatchObject({ state: 'deny_all' });
    expect(policy.status().problems.map(({ line }) => line)).toEqual(policy.status().problems.map(() => 7));
    expect(policy.status().problems[0]?.column).toBeGreaterThan(0);
    expect(policy.status().problems[0]?.message).toContain(message);
    expect(policy.evaluate(input('call', {}))).toMatchObject({ effect: 'deny', rule: 'builtin:policy-unreadable' });
  });

  it('a private path that cannot be read as one', async () => {
    const policy = await policyOf(`version: 1\nprivate_paths: ["**", "secret"]\nrules: []\n`);
    expect(policy.status().problems).toMatchObject([{ line: 2, path: 'private_paths[1]' }]);
    expect(policy.isPrivate('/w/x')).toBe(true);
    const none = await policyOf('version: 1\nprivate_paths: []\nrules: [{ id: a, effect: ask }]\n');
    expect(none.isPrivate('/w/.env')).toBe(false);
    const missing = await policyOf('version: 1\nrules: [{ id: a, effect: ask }]\n');
    expect(missing.isPrivate('/w/.env')).toBe(true);
  });

  it('examples say who, where, when, on what and after what', async () => {
    const rule = (example: string) => `version: 1
rules:
  - id: a
    effect: allow
    agents: [robin]
    workspaces: [/w]
    targets: [web]
    target_metadata: { tier: [prod] }
    labels: [untrusted]
    hosts: [a.test]
    times: [{ days: [sat], from: '08:00', to: '09:00', zone: UTC }]
    examples:
      - { tool: call, args: {}, effect: allow, ${example} }
`;
    const whole =
      "agent: robin, workspace: /w, target: web, target_metadata: { tier: prod }, labels: [untrusted], hosts: [a.test], at: '2026-01-10T08:30:00Z'";
    expect((await policyOf(rule(whole))).status()).toMatchObject({ state: 'active' });
    for (const part of ['agent: robin, ', 'workspace: /w, ', 'target: web, ', 'target_metadata: { tier: prod }, ', 'labels: [untrusted], '])
      expect((await policyOf(rule(whole.replace(part, '')))).status()).toMatchObject({ state: 'deny_all', problems: [{ line: 13 }] });
    expect((await policyOf(rule(whole.replace('T08:30', 'T09:30')))).status()).toMatchObject({ state: 'deny_all' });
  });
});
