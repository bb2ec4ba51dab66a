import { describe, expect, it } from 'vitest';
import type { ChangeClass } from '../../../shared/domain/policy.ts';
import { compileChangeRules } from './compiled-change-rules.ts';
import type { ChangeInput } from './policy.ts';
import { readPolicyDocument } from './policy-document.ts';

/** What the rules say of a change, or what is wrong with them. */
function compiled(...rules: string[]) {
  const list = rules.length === 0 ? ' []' : `\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;
  const text = `version: 1\nrules: []\nchanges:${list}`;
  const document = readPolicyDocument(text);
  if (document.file === null) return { problems: document.problems, judge: null };
  return compileChangeRules(document, document.file.changes ?? [], new Set(['taken']), '/home/op');
}

const input = (path: string, classes: readonly ChangeClass[] = [], more: Partial<ChangeInput> = {}): ChangeInput => ({
  path,
  kind: 'modified',
  agent: 'claude-code',
  tool: 'bash',
  classes,
  ...more,
});

describe('changes: in policy.yaml', () => {
  const judge = (rules: readonly string[], change: ChangeInput) => compiled(...rules).judge?.(change);

  it('without a rule that matches, classes hold and everything else applies', () => {
    expect(judge([], input('/w/a'))).toMatchObject({ effect: 'apply', rule: 'builtin:ordinary-change' });
    expect(judge([], input('/w/Makefile', ['build', 'executable']))).toMatchObject({ effect: 'hold', rule: 'builtin:build' });
    expect(judge([], input('/w/x', ['executable', 'bare-repository']))).toMatchObject({ effect: 'hold', rule: 'builtin:bare-repository' });
  });

  it('the strictest rule wins, wherever it stands', () => {
    const rules = [
      '{ id: a, effect: apply, paths: ["/w/**"] }',
      '{ id: h, effect: hold, paths: ["/w/held/**"], reason: why }',
      '{ id: d, effect: drop, paths: ["**/*.tmp"] }',
    ];
    for (const list of [rules, [...rules].reverse()]) {
      expect(judge(list, input('/w/a.ts'))).toMatchObject({ effect: 'apply', rule: 'a' });
      expect(judge(list, input('/w/held/a.ts'))).toEqual({ effect: 'hold', rule: 'h', reason: 'why' });
      expect(judge(list, input('/w/held/a.tmp'))).toMatchObject({ effect: 'drop', rule: 'd' });
    }
  });

  it('keys are ANDed, lists are ORed', () => {
    const rules = [
      '{ id: h, effect: hold, agents: ["claude*"], tools: [bash, file_write], kinds: [deleted, mode], paths: ["~/p/**", "/w/**"] }',
    ];
    const match = { kind: 'deleted' } as const;
    expect(judge(rules, input('/home/op/p/a', [], match))).toMatchObject({ effect: 'hold' });
    expect(judge(rules, input('/w/a', [], { kind: 'mode', tool: 'file_write' }))).toMatchObject({ effect: 'hold' });
    expect(judge(rules, input('/x/a', [], match))).toMatchObject({ effect: 'apply' });
    expect(judge(rules, input('/w/a', [], { ...match, agent: 'codex' }))).toMatchObject({ effect: 'apply' });
    expect(judge(rules, input('/w/a', [], { ...match, tool: 'file_edit' }))).toMatchObject({ effect: 'apply' });
    expect(judge(rules, input('/w/a'))).toMatchObject({ effect: 'apply' });
  });

  it('leave must name every class that would hold; a wide path alone opens nothing', () => {
    const wide = ['{ id: wide, effect: apply, paths: ["**"] }', '{ id: all, effect: apply }'];
    expect(judge(wide, input('/w/.git/hooks/x', ['git']))).toMatchObject({ effect: 'hold', rule: 'builtin:git' });
    expect(judge(wide, input('/w/a'))).toMatchObject({ rule: 'wide' });
    const locks = ['{ id: locks, effect: apply, classes: [lockfile, dependencies] }'];
    expect(judge(locks, input('/w/yarn.lock', ['lockfile']))).toMatchObject({ effect: 'apply', rule: 'locks' });
    expect(judge(locks, input('/w/yarn.lock', ['lockfile', 'executable']))).toMatchObject({ effect: 'hold', rule: 'builtin:lockfile' });
    expect(judge(locks, input('/w/a.ts'))).toMatchObject({ rule: 'builtin:ordinary-change' });
    expect(judge([...locks, '{ id: h, effect: hold, paths: ["/w/**"] }'], input('/w/yarn.lock', ['lockfile']))).toMatchObject({
      rule: 'h',
    });
  });

  it('a reason to stop needs one class of several', () => {
    const rules = ['{ id: d, effect: drop, classes: [symlink, dependencies] }'];
    expect(judge(rules, input('/w/x', ['dependencies', 'executable']))).toMatchObject({ effect: 'drop' });
    expect(judge(rules, input('/w/x', ['executable']))).toMatchObject({ effect: 'hold' });
    expect(judge(rules, input('/w/x'))).toMatchObject({ effect: 'apply' });
  });

  it.each<[string, string, number, string]>([
    ['an unknown key', '{ id: a, effect: apply, path: ["/a"] }', 4, 'unknown key `path`'],
    ['an unknown effect', '{ id: a, effect: allow }', 4, 'apply'],
    ['an unknown class', '{ id: a, effect: apply, classes: [everything] }', 4, 'git'],
    ['an unknown kind', '{ id: a, effect: apply, kinds: [moved] }', 4, 'created'],
    ['an empty list', '{ id: a, effect: apply, paths: [] }', 4, '>=1'],
    ['a path that can never match', '{ id: a, effect: hold, paths: ["src/**"] }', 4, 'starts with'],
    ['a bad expression', '{ id: a, effect: hold, agents: ["regex:("] }', 4, 'RE2'],
    ['an id of a rule', '{ id: taken, effect: hold }', 4, 'already'],
    [
      'a wrong example',
      '{ id: a, effect: apply, paths: ["**"], examples: [{ path: .git/hooks/x, effect: apply }] }',
      4,
      'hold (builtin:git)',
    ],
  ])('%s is an error with its line', (_name, rule, line, message) => {
    const { problems } = compiled(rule);
    expect(problems[0]).toMatchObject({ line });
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
  });

  it('right examples pass', () => {
    const examples =
      '[{ path: package-lock.json, effect: apply }, { path: /workspace/package.json, effect: hold }, { path: a, kind: deleted, effect: drop }]';
    const rules = [`{ id: a, effect: apply, classes: [lockfile], examples: ${examples} }`, '{ id: b, effect: drop, kinds: [deleted] }'];
    expect(compiled(...rules).problems).toEqual([]);
  });
});
