import { describe, expect, it } from 'vitest';
import { applyTomlEdits, revertTomlEdits, tomlValueAt, type TomlEdit } from './toml-edits.ts';

const EDITS: readonly TomlEdit[] = [
  { kind: 'key', table: [], key: 'sandbox_mode', value: '"read-only"' },
  { kind: 'key', table: ['features'], key: 'shell_tool', value: 'false' },
  { kind: 'table', table: ['mcp_servers', 'gatehouse'], body: 'url = "http://127.0.0.1:9876/mcp"\n' },
];

const BUSY = `# mine
model = "x" # why
sandbox_mode = 'workspace-write'
notify = [
  "[features]", # not a table
  'b',
]
prompt = """
[mcp_servers.gatehouse]
url = "a trap"
"""

[mcp_servers.gatehouse]
url = "old"
[mcp_servers.gatehouse.env]
A = "1"

# the other one
[mcp_servers."other.one"]
args = { a = [1, 2], b = 1979-05-27 07:32:00 }

[[list]]
x = +1.5e3
[features]
# flags
web = true
`;

describe('TOML edits', () => {
  it('start from nothing', () => {
    expect(applyTomlEdits(null, EDITS)).toBe(
      'sandbox_mode = "read-only"\n\n[features]\nshell_tool = false\n\n[mcp_servers.gatehouse]\nurl = "http://127.0.0.1:9876/mcp"\n',
    );
  });

  it('replace our own tables and keys, and keep every other line', () => {
    const after = applyTomlEdits(BUSY, EDITS);
    const gone = ["sandbox_mode = 'workspace-write'", '[mcp_servers.gatehouse.env]', 'A = "1"', 'url = "old"'];
    for (const line of BUSY.split('\n').filter((text) => text !== '' && !gone.includes(text))) expect(after.split('\n')).toContain(line);
    for (const line of gone) expect(after.split('\n')).not.toContain(line);
    expect(tomlValueAt(after, ['sandbox_mode'])).toBe('"read-only"');
    expect(tomlValueAt(after, ['features', 'shell_tool'])).toBe('false');
    expect(tomlValueAt(after, ['mcp_servers', 'gatehouse', 'url'])).toBe('"http://127.0.0.1:9876/mcp"');
    expect(applyTomlEdits(after, EDITS)).toBe(after);
  });

  it.each([
    ['nothing', '', ''],
    ['keys alone', 'model = "x"\n', 'model = "x"\n'],
    ['no newline at the end', 'model = "x"', 'model = "x"\n'],
    ['tables alone', '[a]\nb = 1\n', '[a]\nb = 1\n'],
    ['features with dots', 'features.web = true\n\n[a]\n', 'features.web = true\n\n[a]\n'],
  ])('leave what was there once reverted (%s)', (_name, before, expected) => {
    expect(revertTomlEdits(applyTomlEdits(before, EDITS), before, EDITS).trimStart()).toBe(expected);
  });

  it('put back what they replaced', () => {
    const reverted = revertTomlEdits(`${applyTomlEdits(BUSY, EDITS)}[new]\na = 1\n`, BUSY, EDITS);
    expect(tomlValueAt(reverted, ['sandbox_mode'])).toBe("'workspace-write'");
    expect(tomlValueAt(reverted, ['features', 'shell_tool'])).toBeNull();
    expect(tomlValueAt(reverted, ['features', 'web'])).toBe('true');
    expect(tomlValueAt(reverted, ['mcp_servers', 'gatehouse', 'url'])).toBe('"old"');
    expect(tomlValueAt(reverted, ['mcp_servers', 'gatehouse', 'env', 'A'])).toBe('"1"');
    expect(tomlValueAt(reverted, ['new', 'a'])).toBe('1');
  });

  it.each([
    'features = { web = true }',
    'mcp_servers = { other = {} }',
    '[mcp_servers]\ngatehouse = { url = "x" }',
    'mcp_servers.gatehouse.url = "x"',
    'a = ',
    'a 1',
    '[a',
    'a = "x',
    'a = [1',
    '= 1',
    'a = 1 b = 2',
    'a = """x',
  ])('refuse what cannot be edited line by line: %s', (text) => {
    expect(() => applyTomlEdits(text, EDITS)).toThrow(SyntaxError);
  });
});
