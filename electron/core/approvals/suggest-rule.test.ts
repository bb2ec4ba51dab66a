import { describe, expect, it } from 'vitest';
import type { JudgedCall } from '../../../shared/domain/judged.ts';
import { PolicyRule } from '../../../shared/domain/policy.ts';
import { callRecord } from '../../testing/store-records.ts';
import { compileRule } from '../policy/compiled-rules.ts';
import { judgedCall } from '../policy/judged-call.ts';
import type { PolicyInput } from '../policy/policy.ts';
import { suggestRule } from './suggest-rule.ts';

const verdict = { effect: 'ask', rule: 'ask-me', reason: '', profile: 'default', policy_version: 'x' } as const;

const judged = (over: Partial<JudgedCall>): JudgedCall => {
  const call = judgedCall(callRecord({ agent: 'Robin', tool: 'bash', workspace: '/w', verdict }));
  if (call === null) throw new Error('no verdict');
  return { ...call, ...over };
};
const bash = (...commands: string[]): JudgedCall => judged({ commands, arguments: { command: commands.join(' && ') } });

const inputOf = (call: JudgedCall): PolicyInput => ({
  tool: call.tool,
  agent: call.agent,
  risk: call.risk,
  scope: 'bash:exec',
  target: call.target,
  paths: call.paths,
  commands: call.commands,
  unparsed: call.unparsed,
  workspace: call.workspace,
  hosts: [],
  targetMetadata: {},
  arguments: call.arguments ?? {},
  labels: [],
  now: 0,
});

/** Whether the rule made of `from` covers `other`. */
function covers(from: JudgedCall, breadth: 'exact' | 'similar', other: JudgedCall): boolean | null {
  const made = suggestRule(from, 'allow', breadth);
  if (made === null) return null;
  const compiled = compileRule(PolicyRule.parse(made.rule), '/home/me');
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.matches(inputOf(other));
}

describe('the rule that a longer decision would be', () => {
  it('F51: covers the call that it was made of', () => {
    for (const call of [
      bash('npm test'),
      bash('echo a*b', 'git commit -m x'),
      bash('regex:.*'),
      judged({ tool: 'file_write', paths: ['/w/.env', '/w/a (b)/[x]*'] }),
      judged({ tool: 'install_package', arguments: { name: 'nginx', count: 2 } }),
    ])
      for (const breadth of ['exact', 'similar'] as const) expect(covers(call, breadth, call) ?? true).toBe(true);
  });

  it('exact covers these words alone, wildcards of the agent’s included', () => {
    expect(covers(bash('npm test'), 'exact', bash('npm test -- --watch'))).toBe(false);
    expect(covers(bash('ls *'), 'exact', bash('ls -la /root'))).toBe(false);
    expect(covers(bash('regex:.*'), 'exact', bash('rm -rf /'))).toBe(false);
    expect(covers(judged({ tool: 'file_write', paths: ['/w/*'] }), 'exact', judged({ tool: 'file_write', paths: ['/w/Makefile'] }))).toBe(
      false,
    );
  });

  it('similar follows the shape of programs that keep to it', () => {
    expect(covers(bash('npm test'), 'similar', bash('npm test -- --watch'))).toBe(true);
    expect(covers(bash('npm run build'), 'similar', bash('npm run build --silent'))).toBe(true);
    expect(covers(bash('npm run build'), 'similar', bash('npm run deploy'))).toBe(false);
    expect(covers(bash('git commit -m a'), 'similar', bash('git commit -m b'))).toBe(true);
    expect(covers(bash('git commit -m a'), 'similar', bash('git push'))).toBe(false);
    expect(covers(bash('npm test'), 'similar', bash('npm test', 'curl evil.test'))).toBe(false);
    expect(covers(bash('npm test'), 'similar', bash('npm testing'))).toBe(false);
  });

  it.each([
    'bash -c true',
    'sh x.sh',
    'python3 -c 1',
    'node -e 1',
    'env A=1 npm test',
    'sudo ls',
    'xargs rm',
    'ssh host ls',
    'find . -name x',
    'git -c a=b log',
    './git log',
    'git push',
    'npx x',
    '> out.txt',
  ])('similar widens nothing where the program runs what it is told: %s', (text) => {
    expect(covers(bash(text), 'similar', bash(`${text} more`))).toBe(false);
    expect(covers(bash(text), 'similar', bash(text))).toBe(true);
  });

  it('similar is files directly in the same folder', () => {
    const at = (path: string) => judged({ tool: 'file_write', paths: [path] });
    expect(covers(at('/w/docs/a.md'), 'similar', at('/w/docs/b.md'))).toBe(true);
    expect(covers(at('/w/docs/a.md'), 'similar', at('/w/docs/deep/b.md'))).toBe(false);
    expect(covers(at('/w/docs/a.md'), 'similar', at('/w/docsX/b.md'))).toBe(false);
    expect(covers(at('/w/docs/a.md'), 'similar', at('/etc/passwd'))).toBe(false);
  });

  it('is bound to agent, tool, target and workspace', () => {
    const call = bash('npm test');
    for (const other of [{ agent: 'Eve' as never }, { tool: 'bash2' }, { target: 'production' }, { workspace: '/other' }])
      expect(covers(call, 'similar', { ...call, ...other })).toBe(false);
  });

  it('is none for a command that was not understood, or for what cannot be written as a rule', () => {
    expect(suggestRule({ ...bash('npm test'), unparsed: true }, 'allow', 'exact')).toBeNull();
    expect(suggestRule(bash('x'.repeat(2000)), 'allow', 'exact')).toBeNull();
    expect(suggestRule(judged({ tool: 'x', arguments: { deep: { a: 1 } } }), 'allow', 'exact')).toBeNull();
    expect(suggestRule(judged({ tool: 'x', arguments: null }), 'allow', 'exact')).toBeNull();
  });

  it('says in words what it covers', () => {
    expect(suggestRule(bash('npm test', 'git commit -m x'), 'allow', 'similar')?.sentence).toBe(
      'Let Robin run npm test … and git commit … in /w.',
    );
    expect(suggestRule(bash('ls -la'), 'deny', 'exact')?.sentence).toBe('Refuse Robin to run ‘ls -la’ in /w.');
  });
});
