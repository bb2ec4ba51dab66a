import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createFakeStore } from '../../testing/fake-store.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import { createChangeBus } from '../change-bus.ts';
import type { PolicyFile } from '../ports/policy-file.ts';
import { createAcceptedPolicy } from './accepted-policy.ts';
import { appendRule } from './append-rule.ts';
import { createPolicy } from './create-policy.ts';
import { createShellParser } from './create-shell-parser.ts';
import { policyVersion } from './policy-version.ts';
import { readPolicyDocument } from './policy-document.ts';
import { unifiedDiff } from './unified-diff.ts';

const shell = createShellParser();
await shell.start();
const DEFAULT = readFileSync(new URL('../../../resources/policy.default.yaml', import.meta.url), 'utf8');
const FIRST = '# mine\nversion: 1\nrules:\n  - id: a # why\n    effect: ask\n    tools: [bash]\n\n# the end\n';
const RULE: PolicyRule = { id: 'b', effect: 'allow', tools: ['bash'], commands: ['npm publish', "echo 'a: b' # c"], overrides: ['a'] };

let disk: string | null;
let touch: () => void;
let saved: JsonObject[];
let refusal: AppError | null;
let unwritable: boolean;

const file: PolicyFile = {
  path: '/data/policy.yaml',
  read: () => Promise.resolve(disk),
  version: () => Promise.resolve(policyVersion(disk)),
  write: (text) => {
    if (unwritable) return Promise.reject(new AppError('unavailable', 'no space'));
    disk = text;
    touch();
    return Promise.resolve();
  },
  watch: (onChange) => {
    touch = onChange;
    return () => undefined;
  },
};

async function started(source: PolicyFile = file) {
  const policy = createPolicy({
    file: source,
    clock: createFakeClock(),
    tools: () => ({ risk: 'high', scope: 'bash:exec' }),
    shell,
    home: '/home/op',
    onEvent: () => undefined,
    onSaved: (data) => {
      if (refusal !== null) return Promise.reject(refusal);
      saved.push(data);
      return Promise.resolve();
    },
  });
  await policy.start();
  return policy;
}

beforeEach(() => {
  disk = FIRST;
  touch = () => undefined;
  saved = [];
  refusal = null;
  unwritable = false;
});

describe('the operator saves a policy', () => {
  it('puts it in force at once and records which version it replaced, and through which door', async () => {
    const policy = await started();
    const text = FIRST.replace('ask', 'deny');
    const change = await policy.save(text, policyVersion(FIRST), 'window');
    expect(change).toMatchObject({ ok: true, before: policyVersion(FIRST), version: policyVersion(text), rules: 1 });
    expect(change.diff).toContain('-    effect: ask\n+    effect: deny\n');
    expect(disk).toBe(text);
    expect(policy.status()).toMatchObject({ state: 'active', version: policyVersion(text) });
    expect(saved).toEqual([
      { file: '/data/policy.yaml', before: policyVersion(FIRST), after: policyVersion(text), rules: 1, channel: 'window' },
    ]);
  });

  it('does not write a text with a mistake, and names its line and column', async () => {
    const policy = await started();
    const change = await policy.save(FIRST.replace('ask', 'perhaps'), policyVersion(FIRST), 'window');
    expect(change).toMatchObject({ ok: false, problems: [{ line: 5, column: 5, path: 'rules[0].effect' }] });
    expect(disk).toBe(FIRST);
    expect(saved).toEqual([]);
  });

  it('does not write over what another program put there since', async () => {
    const policy = await started();
    disk = `${FIRST}# theirs\n`;
    await expect(policy.save(`${FIRST}# mine\n`, policyVersion(FIRST), 'window')).rejects.toMatchObject({ code: 'conflict' });
    expect(disk).toContain('theirs');
  });

  it('of two saves that rest on the same version, the second is told', async () => {
    const policy = await started();
    const results = await Promise.allSettled(
      ['x', 'y'].map((name) => policy.save(`${FIRST}# ${name}\n`, policyVersion(FIRST), 'command-line')),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(disk).toContain('# x');
  });

  it('writes nothing that cannot be recorded, and puts nothing in force that cannot be written', async () => {
    const policy = await started();
    refusal = new AppError('unavailable', 'The disk is full.');
    await expect(policy.save(`${FIRST}# x\n`, policyVersion(FIRST), 'window')).rejects.toMatchObject({ code: 'unavailable' });
    expect(disk).toBe(FIRST);
    refusal = null;
    unwritable = true;
    await expect(policy.save(`${FIRST}# x\n`, policyVersion(FIRST), 'window')).rejects.toMatchObject({ code: 'unavailable' });
    expect(policy.status().version).toBe(policyVersion(FIRST));
    unwritable = false;
    await policy.save(`${FIRST}# x\n`, policyVersion(FIRST), 'window');
    expect(policy.text()).toContain('# x');
  });

  it('on a desktop needs no second acceptance, over a restart either; what another program writes afterwards is still held', async () => {
    const store = createFakeStore({ clock: createFakeClock() });
    await store.start();
    const accepted = createAcceptedPolicy({ file, store, bus: createChangeBus() });
    await accepted.start();
    const policy = await started(accepted);
    const text = FIRST.replace('ask', 'deny');
    await policy.save(text, policyVersion(FIRST), 'window');
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted.held()).toBeNull();
    expect(policy.status().version).toBe(policyVersion(text));
    expect((await store.auditEvents({ types: ['policy.held'], limit: 5 })).length).toBe(0);

    const again = createAcceptedPolicy({ file, store, bus: createChangeBus() });
    await again.start();
    expect(again.held()).toBeNull();
    expect(await again.read()).toBe(text);

    disk = FIRST;
    touch();
    for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted.held()?.text).toBe(FIRST);
    expect(policy.status().version).toBe(policyVersion(text));
    await expect(policy.save(`${text}# more\n`, policyVersion(text), 'window')).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a rule is added', () => {
  it('after the last one, with every comment where it was; the difference is what was previewed', async () => {
    const policy = await started();
    const preview = policy.previewRule(RULE);
    expect(preview.ok).toBe(true);
    expect(disk).toBe(FIRST);
    const change = await policy.appendRule(RULE, policyVersion(FIRST), 'approval');
    expect(change.diff).toBe(preview.diff);
    expect(disk).toBe(
      FIRST.replace(
        '[bash]\n',
        "[bash]\n\n  - id: b\n    effect: allow\n    tools:\n      - bash\n    commands:\n      - npm publish\n      - 'echo ''a: b'' # c'\n    overrides:\n      - a\n".replace(
          "'echo ''a: b'' # c'",
          `"echo 'a: b' # c"`,
        ),
      ),
    );
    expect(saved[0]).toMatchObject({ rule: 'b', effect: 'allow', channel: 'approval' });
    expect(policy.rules()).toHaveLength(2);
  });

  it('to the shipped policy: only lines are added', () => {
    const diff = unifiedDiff(DEFAULT, appendRule(DEFAULT, { ...RULE, overrides: ['commands-that-read-secrets'] }));
    expect(diff.split('\n').filter((line) => line.startsWith('-'))).toEqual([]);
    expect(diff.split('\n').filter((line) => line.startsWith('@@'))).toHaveLength(1);
  });

  it.each([
    ['rules in one line', 'version: 1\nrules: [{ id: a, effect: ask }] # all\n'],
    ['no rules yet', 'version: 1 # v\nrules: []\n'],
    ['no end of the last line', 'version: 1\nrules:\n  - id: a\n    effect: ask'],
    ['no indentation', 'version: 1\nrules:\n- id: a\n  effect: ask\n- id: c\n  effect: ask\nchanges: []\n'],
    [
      'a block of text last',
      'version: 1\nrules:\n  - id: a\n    effect: ask\n    reason: |\n      two\n      lines\n\n\nprivate_paths: []\n',
    ],
    ['windows line ends', 'version: 1\r\nrules:\r\n  - id: a\r\n    effect: ask\r\n'],
    ['JSON', '{"version": 1, "rules": [{"id": "a", "effect": "ask"}]}'],
  ])('to a file with %s', (_name, text) => {
    const rule: PolicyRule = { id: 'b', effect: 'deny', tools: ['x: y', '#z'] };
    const result = appendRule(text, rule);
    expect(readPolicyDocument(result).problems).toEqual([]);
    expect(readPolicyDocument(result).file?.rules.at(-1)).toEqual(rule);
    expect(readPolicyDocument(result).file?.rules.slice(0, -1)).toEqual(readPolicyDocument(text).file?.rules);
    for (const comment of text.match(/#.*/g) ?? []) expect(result).toContain(comment);
  });

  it('is told as a problem of that rule when it cannot be', async () => {
    const policy = await started();
    expect(policy.previewRule({ ...RULE, id: 'a' })).toMatchObject({ ok: false, problems: [{ line: 8, path: 'rules[1].id' }] });
    disk = 'rules: what';
    expect(() => appendRule('rules: what', RULE)).toThrow(AppError);
  });
});

describe('differences', () => {
  it.each([
    ['', '', ''],
    ['a\n', 'a\n', ''],
    ['', 'a\n', '@@ -0,0 +1,1 @@\n+a\n'],
    ['a\n', '', '@@ -1,1 +0,0 @@\n-a\n'],
    ['a', 'a\n', '@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n'],
    ['1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nx\n6\n7\n8\n9\n', '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n'],
  ])('%j → %j', (before, after, diff) => {
    expect(unifiedDiff(before, after)).toBe(diff);
  });

  it('two changes far apart are two hunks', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const changed = lines.map((line, index) => (index === 2 || index === 35 ? `${line}!` : line));
    const diff = unifiedDiff(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`);
    expect(diff.match(/^@@ .*/gm)).toEqual(['@@ -1,6 +1,6 @@', '@@ -33,7 +33,7 @@']);
  });
});
