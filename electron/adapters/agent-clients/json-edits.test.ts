import { describe, expect, it } from 'vitest';
import { applyJsonEdits, revertJsonEdits, type JsonEdit } from './json-edits.ts';
import { jsonValue, readJson } from './json-syntax.ts';

const EDITS: readonly JsonEdit[] = [
  { kind: 'set', path: ['mcp', 'gatehouse'], value: { type: 'http', headers: { Authorization: 'Bearer x' } } },
  { kind: 'add', path: ['permissions', 'deny'], items: ['Bash', 'Edit'] },
  { kind: 'set', path: ['permission', 'bash'], value: 'deny', last: true },
];

const COMMENTED = `// mine
{
  /* servers */
  "mcp": {
    "other": { "type": "local" }, // keep me
  },
  "permissions": {
    "deny": ["Read(./.env)" /* secret */, "Bash"],
  },
  "permission": { "bash": "allow", "*": "allow" } // rules
  // the end
}
`;

describe('JSON edits', () => {
  it('start from nothing', () => {
    expect(applyJsonEdits(null, EDITS)).toBe(`{
  "mcp": {
    "gatehouse": {
      "type": "http",
      "headers": {
        "Authorization": "Bearer x"
      }
    }
  },
  "permissions": {
    "deny": [
      "Bash",
      "Edit"
    ]
  },
  "permission": {
    "bash": "deny"
  }
}
`);
  });

  it('keep comments, trailing commas and everything else', () => {
    const after = applyJsonEdits(COMMENTED, EDITS);
    for (const kept of ['// mine', '/* servers */', '// keep me', '/* secret */', '// rules', '// the end']) expect(after).toContain(kept);
    expect(jsonValue(readJson(after))).toEqual({
      mcp: { other: { type: 'local' }, gatehouse: { type: 'http', headers: { Authorization: 'Bearer x' } } },
      permissions: { deny: ['Read(./.env)', 'Bash', 'Edit'] },
      permission: { '*': 'allow', bash: 'deny' },
    });
    expect(Object.keys((jsonValue(readJson(after)) as { permission: object }).permission).at(-1)).toBe('bash');
  });

  it.each([
    ['nothing', '{}'],
    ['one line', '{"a": 1, "permissions": {"deny": []}}'],
    ['one line with a trailing comma', '{"a": [1, 2,], }'],
    ['tabs', '{\n\t"a": {\n\t\t"b": []\n\t}\n}\n'],
    ['a line comment at the end', '{\n  "a": 1 // one\n}'],
    ['a byte order mark', '\uFEFF{ "a": 1 }'],
    ['empty lines', '{\n\n  "a": 1\n\n}\n'],
    ['comments', COMMENTED],
    ['an empty object of its own', '{ "mcp": {} }'],
  ])('say the same as before once reverted, and the rest of a changed file stays (%s)', (_name, before) => {
    const was = jsonValue(readJson(before));
    const after = applyJsonEdits(before, EDITS);
    expect(applyJsonEdits(after, EDITS)).toBe(after);
    expect(jsonValue(readJson(revertJsonEdits(after, before, EDITS)))).toEqual(was);
    const changed = applyJsonEdits(after, [{ kind: 'set', path: ['mine'], value: 1 }]);
    expect(jsonValue(readJson(revertJsonEdits(changed, before, EDITS)))).toEqual({ ...(was as object), mine: 1 });
  });

  it('replace an older entry where it stands', () => {
    const before = '{ "mcp": { "gatehouse": { "url": "old" }, "z": 1 } }';
    const after = applyJsonEdits(before, [{ kind: 'set', path: ['mcp', 'gatehouse'], value: 5 }]);
    expect(after).toBe('{ "mcp": { "gatehouse": 5, "z": 1 } }');
  });

  it.each([
    '{',
    '{"a":1',
    '{"a" 1}',
    '[1 2]',
    '{"a":1}{',
    '{"a":1,"a":2}',
    "{'a':1}",
    '{"a":01x}',
    '[]',
    '3',
    '{"mcp": 3}',
    '{"permissions": {"deny": "Bash"}}',
    '['.repeat(5000),
  ])('refuse what cannot be edited: %s', (text) => {
    expect(() => applyJsonEdits(text, EDITS)).toThrow(SyntaxError);
  });

  it('name the line', () => {
    expect(() => readJson('{\n  "a": 1\n  "b": 2\n}')).toThrow('line 3: "," or "}" expected');
  });
});
