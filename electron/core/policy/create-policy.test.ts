import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../shared/json.ts';
import { AppError } from '../../../shared/errors.ts';
import { createPolicy, type PolicyEvent } from './create-policy.ts';
import { createShellParser } from './create-shell-parser.ts';
import { explainCall } from './explain-call.ts';
import { compilePattern } from './pattern.ts';
import type { PolicyInput } from './policy.ts';
import { policyVersion } from './policy-version.ts';
import { textualInput } from './textual-input.ts';

const TOOLS = new Map([
  ['file_read', { risk: 'low', scope: 'file:read' }],
  ['file_list', { risk: 'low', scope: 'file:read' }],
  ['file_search', { risk: 'low', scope: 'file:read' }],
  ['job_list', { risk: 'low', scope: 'bash:exec' }],
  ['file_write', { risk: 'moderate', scope: 'file:write' }],
  ['file_edit', { risk: 'moderate', scope: 'file:write' }],
  ['bash', { risk: 'high', scope: 'bash:exec' }],
] as const);
const known = (name: string) =>
  new Map<string, { risk: 'low' | 'moderate' | 'high'; scope: 'file:read' | 'file:write' | 'bash:exec' }>(TOOLS).get(name) ?? null;
const shell = createShellParser();
await shell.start();

function subject(first: string | null | AppError) {
  const events: PolicyEvent[] = [];
  const disk = { content: first };
  let changed: () => void = () => undefined;
  const policy = createPolicy({
    file: {
      path: '/data/policy.yaml',
      read: async () => {
        if (disk.content instanceof AppError) throw disk.content;
        return disk.content;
      },
      version: async () => policyVersion(disk.content instanceof AppError ? null : disk.content),
      write: async (text) => {
        disk.content = text;
      },
      watch: (onChange) => {
        changed = onChange;
        return () => (changed = () => undefined);
      },
    },
    clock: { now: () => 0, monotonic: () => 0, after: () => () => undefined },
    tools: known,
    shell,
    home: '/home/op',
    isProfile: (name) => ['default', 'read-only', 'builds'].includes(name),
    onEvent: (event) => events.push(event),
  });
  const write = async (content: string | null | AppError) => {
    disk.content = content;
    changed();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { policy, events, write };
}

async function started(first: string | null | AppError) {
  const made = subject(first);
  await made.policy.start();
  return made;
}

const input = (tool: string, args: JsonObject, more: Partial<PolicyInput> = {}): PolicyInput => ({
  ...textualInput(
    { tool, args, agent: 'claude-code', target: 'local', workspace: '/w', now: 0 },
    known(tool) ?? { risk: 'critical', scope: 'system:admin' },
    shell,
  ),
  ...more,
});
const file = (...rules: string[]) => `version: 1\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
const problemsOf = async (text: string) => (await subject(null).policy.check(text)).problems;

describe('which rule decides', () => {
  const rules = file(
    '{ id: a, effect: allow, tools: ["file_*"] }',
    '{ id: b, effect: ask, tools: [file_write], paths: ["**/src/**"], reason: sources }',
    '{ id: c, effect: deny, agents: ["evil*"] }',
    '{ id: d, effect: deny, risk: [moderate], scopes: ["file:write"], targets: ["prod-*"] }',
    '{ id: e, effect: ask, tools: [file_write], paths: ["/w/src/x"] }',
  );

  it.each<[string, PolicyInput, string, string]>([
    ['a glob', input('file_read', { path: 'x' }), 'allow', 'a'],
    ['the stricter one, first in the file', input('file_write', { path: 'src/x' }), 'ask', 'b'],
    ['deny before all', input('file_write', { path: 'src/x' }, { agent: 'evil twin' }), 'deny', 'c'],
    ['keys are ANDed', input('file_write', { path: 'y' }, { target: 'prod-1' }), 'deny', 'd'],
    ['not when one key fails', input('file_read', { path: 'y' }, { target: 'prod-1' }), 'allow', 'a'],
    ['nothing matches', input('bash', { command: 'ls' }), 'ask', 'builtin:no-rule'],
    ['case counts', input('file_read', { path: 'x' }, { agent: 'Evil' }), 'allow', 'a'],
  ])('%s', async (_name, call, effect, rule) => {
    const { policy } = await started(rules);
    expect(policy.evaluate(call)).toMatchObject({ effect, rule });
  });

  it('of two rules that allow, the one for a read-only workspace decides, wherever it stands', async () => {
    const wide = '{ id: wide, effect: allow, tools: [bash] }';
    const reads = '{ id: reads, effect: allow, tools: [bash], commands: ["cat *"], profile: read-only }';
    for (const rules of [
      [wide, reads],
      [reads, wide],
    ]) {
      const { policy } = await started(file(...rules));
      expect(policy.evaluate(input('bash', { command: 'cat a' }))).toMatchObject({ rule: 'reads', profile: 'read-only' });
      expect(policy.evaluate(input('bash', { command: 'cat a; touch b' }))).toMatchObject({ rule: 'wide', profile: 'default' });
    }
    const { policy } = await started(file('{ id: bad, effect: allow, tools: [bash], profile: readonly }'));
    expect(policy.status()).toMatchObject({
      state: 'deny_all',
      problems: [{ line: 3, message: expect.stringContaining('`readonly`') as string }],
    });
  });

  it('of two rules that allow with other profiles, the first in the file decides', async () => {
    const wide = '{ id: wide, effect: allow, tools: [bash] }';
    const builds = '{ id: builds, effect: allow, tools: [bash], commands: ["make *"], profile: builds }';
    const decided = async (...rules: string[]) => (await started(file(...rules))).policy.evaluate(input('bash', { command: 'make all' }));
    expect(await decided(builds, wide)).toMatchObject({ rule: 'builds', profile: 'builds' });
    expect(await decided(wide, builds)).toMatchObject({ rule: 'wide', profile: 'default' });
  });

  it('explains every match, strictest first', async () => {
    const { policy } = await started(rules);
    const explained = policy.explain(input('file_write', { path: 'src/x' }, { agent: 'evil' }));
    expect(explained.matched.map((rule) => rule.id)).toEqual(['c', 'b', 'e', 'a']);
    expect(explained.verdict).toMatchObject({ rule: 'c', policy_version: policy.status().version });
  });

  it('F32: a tool that is not exactly a known one is denied', async () => {
    const { policy } = await started(file('{ id: all, effect: allow, tools: ["*"] }'));
    expect(policy.evaluate(input('bash', { command: 'ls' }))).toMatchObject({ effect: 'allow', rule: 'all' });
    for (const name of [
      'constructor',
      '__proto__',
      'toString',
      'Bash',
      'BASH',
      'bash ',
      ' bash',
      'ba\u200bsh',
      'bаsh',
      'bash\u0000',
      '',
      '*',
    ]) {
      expect(policy.evaluate(input(name, {})), name).toMatchObject({ effect: 'deny', rule: 'builtin:unknown-tool' });
      expect(policy.explain(input(name, {})).matched).toEqual([]);
    }
  });

  it('F31 F33: scope and risk come from the registry, and decide rules', async () => {
    const { policy } = await started(file('{ id: low, effect: allow, risk: [low] }', '{ id: shell, effect: deny, scopes: ["bash:exec"] }'));
    expect(policy.evaluate(input('file_read', { path: 'x' })).effect).toBe('allow');
    expect(policy.evaluate(input('file_write', { path: 'x' })).effect).toBe('ask');
    expect(policy.evaluate(input('bash', { command: 'ls' })).effect).toBe('deny');
  });
});

describe('commands and paths', () => {
  it.each<[string, string]>([
    ['git status', 'allow'],
    ['git status -s | wc -l', 'allow'],
    ['git status && rm x', 'ask'],
    ['git status $(rm x)', 'ask'],
    ['git status; git status)', 'ask'],
    ['env git status', 'ask'],
    ['A=1 git status', 'ask'],
    ['git status > x', 'ask'],
    ['bash -c "git status"', 'ask'],
    ['bash -c "$X"', 'ask'],
    ['python3 a.py', 'ask'],
    ['', 'ask'],
    ['rm -rf x', 'deny'],
    ['git status; sudo rm -rf x', 'deny'],
    ['bash -c "rm -rf x" )', 'deny'],
    ['sh -c \'eval "rm -rf x"\'', 'deny'],
    ['rm -rf x; echo $((y))', 'deny'],
  ])('F39: %s → %s', async (command, effect) => {
    const { policy } = await started(
      file('{ id: a, effect: allow, commands: ["git status*", "wc *"] }', '{ id: d, effect: deny, commands: ["rm -rf *"] }'),
    );
    expect(policy.evaluate(input('bash', { command })).effect).toBe(effect);
  });

  it('allow needs every path and at least one; ask and deny need one', async () => {
    const { policy } = await started(file('{ id: a, effect: allow, paths: ["/w/**"] }', '{ id: d, effect: deny, paths: ["~/.ssh/**"] }'));
    const at = (...paths: string[]) => policy.evaluate(input('file_read', {}, { paths })).effect;
    expect(at('/w/a', '/w/.b/c')).toBe('allow');
    expect(at('/w/a', '/x')).toBe('ask');
    expect(at()).toBe('ask');
    expect(at('/w/a', '/home/op/.ssh/id')).toBe('deny');
    expect(at('/w2/a')).toBe('ask');
  });
});

describe('patterns', () => {
  const matches = (pattern: string, value: string, kind: 'text' | 'path' = 'text') => {
    const compiled = compilePattern(pattern, kind, '/home/op');
    return compiled.ok ? compiled.matches(value) : compiled.message;
  };

  it.each<[string, string, boolean]>([
    ['*', '', true],
    ['*', 'a\nb/c', true],
    ['a*', 'a', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abcd', false],
    ['ab*ba', 'aba', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b*', 'xxbxxa', false],
    ['rm -rf ?', 'rm -rf x', false],
    ['[a]{b}(c)', '[a]{b}(c)', true],
    ['A', 'a', false],
    ['regex:a+', 'aaa', true],
    ['regex:a+', 'aaab', false],
    ['regex:a|ab', 'ab', true],
    ['regex:a.b', 'a\nb', true],
  ])('text %s on %j: %s', (pattern, value, expected) => {
    expect(matches(pattern, value)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['**/.env', '/w/.env', true],
    ['**/.env', '/.env', true],
    ['**/.env', '/w/a.env', false],
    ['/w/**', '/w', true],
    ['/w/**', '/w/a/.b', true],
    ['/w/**', '/wx', false],
    ['/w/*', '/w/.a', true],
    ['/w/*', '/w/a/b', false],
    ['/w/**/x', '/w/x', true],
    ['/w/**/x', '/w/a/b/x', true],
    ['/w/*.ts', '/w/.ts', true],
    ['/w/?.ts', '/w/a.ts', true],
    ['/w/?.ts', '/w/ab.ts', false],
    ['~/.ssh/**', '/home/op/.ssh/id', true],
    ['~', '/home/op', true],
    ['*', '/any/where', true],
    ['**', '/any/where', true],
    ['regex:/w/[^/]+', '/w/a', true],
  ])('path %s on %s: %s', (pattern, value, expected) => {
    expect(matches(pattern, value, 'path')).toBe(expected);
  });

  it.each(['.env', 'src/**', '**/*.{pem,key}', '/a/[bc]', '!/a', '/a/b**', '/a/**b/c'])(
    'refuses a path pattern that could never match: %s',
    (pattern) => {
      expect(matches(pattern, '/x', 'path')).toEqual(expect.any(String));
    },
  );

  it.each(['regex:', 'regex:(', 'regex:(?=a)', 'regex:\\1', 'regex:a{5000}'])('refuses %s', (pattern) => {
    expect(matches(pattern, 'x')).toEqual(expect.any(String));
  });

  it('100 kB of hostile text costs no more than its length', () => {
    const bomb = 'a'.repeat(100_000);
    for (const pattern of [
      'regex:(a+)+$',
      'regex:(a|a)*b',
      'regex:(.*)*x',
      'regex:(a*)*(b*)*c',
      `${'*a'.repeat(400)}b`,
      `${'a*'.repeat(400)}b`,
    ]) {
      const started = performance.now();
      expect(matches(pattern, `${bomb}!`)).toBe(false);
      expect(performance.now() - started, pattern.slice(0, 20)).toBeLessThan(1000);
    }
    const started = performance.now();
    expect(matches(`/${'**/a*a?/'.repeat(60)}b`, `/${'aaaa/'.repeat(2000)}c`, 'path')).toBe(false);
    expect(matches(`/**/${'*a'.repeat(100)}?b`, `/${'a'.repeat(4000)}`, 'path')).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('F38: the file is strict, and every problem names its line', () => {
  it.each<[string, string, number | null, string]>([
    ['an unknown key', 'version: 1\nrules:\n  - id: a\n    effect: allow\n    tool: [x]\n', 5, 'unknown key `tool`'],
    ['an unknown key at the top', 'version: 1\nrules: []\nextra: 1\n', 3, 'unknown key `extra`'],
    ['a wrong type', 'version: 1\nrules:\n  - id: a\n    effect: allow\n    tools: file_read\n', 5, 'expected array'],
    ['an unknown effect', 'version: 1\nrules:\n  - id: a\n    effect: permit\n', 4, 'allow'],
    ['a missing effect', 'version: 1\nrules:\n  - id: a\n', 3, 'allow'],
    ['another version', 'version: 2\nrules: []\n', 1, '1'],
    ['a version as text', 'version: "1"\nrules: []\n', 1, '1'],
    ['no rules', 'version: 1\n', 1, 'expected array'],
    ['an empty list', file('{ id: a, effect: allow, tools: [] }'), 3, '>=1'],
    ['an unknown risk', file('{ id: a, effect: allow, risk: [huge] }'), 3, 'low'],
    ['a duplicate key', 'version: 1\nrules: []\nversion: 1\n', 3, 'unique'],
    ['a duplicate key in a rule', file('{ id: a, effect: deny, effect: allow }'), 3, 'unique'],
    ['a duplicate id', file('{ id: a, effect: allow }', '{ id: a, effect: deny }'), 4, 'already'],
    ['a bad id', file('{ id: "A b", effect: allow }'), 3, 'lower-case'],
    ['a bad regex', file('{ id: a, effect: deny, commands: ["x", "regex:("] }'), 3, 'RE2'],
    ['a relative path', 'version: 1\nrules:\n  - id: a\n    effect: deny\n    paths:\n      - /a\n      - .env\n', 7, 'starts with'],
    [
      'a wrong example',
      'version: 1\nrules:\n  - id: a\n    effect: deny\n    tools: [bash]\n    examples:\n      - { tool: file_read, args: {}, effect: deny }\n',
      7,
      'the file says ask',
    ],
    [
      'an example of an unknown tool',
      file('{ id: a, effect: allow, examples: [{ tool: constructor, args: {}, effect: allow }] }'),
      3,
      'unknown-tool',
    ],
    ['an alias', 'version: 1\nrules:\n  - &r { id: a, effect: allow }\n  - *r\n', 3, 'aliases'],
    [
      'an alias bomb',
      `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`},*${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}\n`,
      1,
      'aliases',
    ],
    ['a tag', 'version: !!str 1\nrules: []\n', 1, 'tags'],
    ['a foreign tag', 'version: !js 1\nrules: []\n', 1, 'tag'],
    ['a directive', '%YAML 1.1\n---\nversion: 1\nrules: []\n', 1, 'directive'],
    ['two documents', 'version: 1\nrules: []\n---\nversion: 1\n', 3, 'multiple documents'],
    ['a byte order mark', '\ufeffversion: 1\nrules: []\n', 1, 'byte order mark'],
    ['a tab', 'version: 1\nrules:\n\t- id: a\n', 3, ''],
    ['nothing', '', 1, 'empty'],
    ['a comment', '# nothing\n', 1, 'empty'],
    ['a list', '- 1\n', 1, 'expected object'],
    ['JSON with __proto__', '{"version":1,"rules":[],"__proto__":{}}', 1, '__proto__'],
    ['brackets without end', '['.repeat(100_000), 1, 'deeply'],
    ['blocks without end', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 1, ''],
    ['more than 1 MB', `version: 1\nrules: [] # ${'x'.repeat(1024 * 1024)}`, 1, '1 MB'],
    ['a lone surrogate', 'version: 1 # \ud800\nrules: []\n', 1, 'Unicode'],
  ])('%s', async (_name, text, line, message) => {
    const problems = await problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]?.line).toBe(line);
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
    const { policy } = await started(text);
    expect(policy.evaluate(input('file_read', { path: 'x' }))).toMatchObject({ effect: 'deny', rule: 'builtin:policy-unreadable' });
    expect(policy.evaluate(input('file_read', { path: 'x' })).reason).toContain(`line ${String(line)}`);
  });

  it('a good file has none', async () => {
    expect(await subject(null).policy.check(file('{ id: a, effect: allow, tools: ["*"] }'))).toEqual({ ok: true, rules: 1, problems: [] });
  });

  it('collects several problems at once', async () => {
    expect(await problemsOf(file('{ id: a, effect: no }', '{ id: b, effect: ask, x: 1, y: 2 }'))).toHaveLength(3);
  });
});

describe('F38: what is in force', () => {
  const GOOD = file('{ id: a, effect: allow, tools: [file_read] }');
  const call = input('file_read', { path: 'x' });

  it.each<[string, string | null | AppError]>([
    ['missing', null],
    ['unreadable', new AppError('unavailable', 'permission')],
    ['broken', 'version: ['],
  ])('at start a %s file denies everything', async (_name, content) => {
    const { policy, events, write } = await started(content);
    expect(policy.evaluate(call)).toMatchObject({ effect: 'deny', rule: 'builtin:policy-unreadable', policy_version: 'deny-all' });
    expect(policy.status()).toMatchObject({ state: 'deny_all', rules: 0 });
    expect(events.map((event) => event.type)).toEqual(['policy.rejected']);
    await write(GOOD);
    expect(policy.evaluate(call).effect).toBe('allow');
    expect(policy.status().state).toBe('active');
  });

  it('before start everything is denied', () => {
    expect(subject(GOOD).policy.evaluate(call).effect).toBe('deny');
  });

  it('a list without rules denies', async () => {
    const { policy } = await started('version: 1\nrules: []\n');
    expect(policy.evaluate(call)).toMatchObject({ effect: 'deny', rule: 'builtin:no-rules' });
  });

  it('a change takes effect; a broken or missing file keeps the last good one; each is told once', async () => {
    const { policy, events, write } = await started(GOOD);
    const first = policy.status().version;
    let changes = 0;
    const stopListening = policy.onChange(() => (changes += 1));
    await write(file('{ id: a, effect: deny, tools: [file_read] }'));
    expect(policy.evaluate(call).effect).toBe('deny');
    expect(policy.status().version).not.toBe(first);
    await write(GOOD);
    await write('rules: nonsense');
    await write('rules: nonsense');
    expect(policy.evaluate(call)).toMatchObject({ effect: 'allow', policy_version: first });
    expect(policy.status()).toMatchObject({ state: 'last_good', version: first });
    expect(policy.status().problems[0]?.line).toBe(1);
    await write(null);
    expect(policy.evaluate(call).effect).toBe('allow');
    expect(policy.status().state).toBe('last_good');
    await write(GOOD);
    expect(policy.status()).toMatchObject({ state: 'active', problems: [] });
    expect(events.map((event) => event.type)).toEqual([
      'policy.loaded',
      'policy.loaded',
      'policy.loaded',
      'policy.rejected',
      'policy.rejected',
      'policy.loaded',
    ]);
    expect(changes).toBe(5);
    stopListening();
    await policy.stop();
    await write(file('{ id: a, effect: deny }'));
    expect(policy.evaluate(call).effect).toBe('allow');
  });

  it('an event that cannot be told keeps the change out of force', async () => {
    const made = subject(GOOD);
    await made.policy.start();
    made.events.push = () => {
      throw new Error('the log is full');
    };
    await made.write(file('{ id: b, effect: allow, tools: ["*"] }')).catch(() => undefined);
    expect(made.policy.evaluate(call).rule).toBe('a');
  });
});

describe('speed', () => {
  it('500 rules: below 0.2 ms of processor time for a verdict', async () => {
    const rules = Array.from({ length: 500 }, (_, i) => {
      const key =
        [
          `tools: ["tool_${i}_*", file_edit]`,
          `commands: ["program${i} *", "regex:other${i}( -[a-z]+)*"], tools: [bash]`,
          `paths: ["/srv/${i}/**", "**/x${i}.*"]`,
          `agents: ["agent-${i}*"]`,
        ][i % 4] ?? '';
      return `{ id: r${i}, effect: ${['allow', 'ask', 'deny'][i % 3] ?? ''}, ${key} }`;
    });
    const { policy } = await started(file(...rules));
    const calls = [input('bash', { command: 'git log --oneline | head -5' }), input('file_read', { path: 'src/deep/down/here/a.ts' })];
    for (const call of calls) {
      for (let warm = 0; warm < 500; warm += 1) policy.evaluate(call);
      // Processor time, not the wall clock: what a busy machine does in between is not the policy's doing.
      const before = process.cpuUsage();
      for (let round = 0; round < 2000; round += 1) policy.evaluate(call);
      const spent = process.cpuUsage(before);
      expect((spent.user + spent.system) / 1000 / 2000).toBeLessThan(0.2);
    }
  });
});

describe('the operator’s question', () => {
  it('F33: an unknown tool is critical and denied; arguments are checked', async () => {
    const { policy } = await started(file('{ id: a, effect: ask }'));
    expect(
      explainCall({ policy, registry: { get: () => null }, shell, clock: { now: () => 0 } }, { tool: 'nope', args: {} }),
    ).toMatchObject({
      verdict: { effect: 'deny', rule: 'builtin:unknown-tool' },
      risk: 'critical',
      scope: null,
    });
  });
});
