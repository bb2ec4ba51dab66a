import { expect, test } from 'vitest';
import { lineDiff } from './line-diff.ts';

const compact = (before: string | null, after: string): string[] =>
  lineDiff(before, after).map((line) => `${{ same: ' ', added: '+', removed: '-' }[line.kind]}${line.text}${line.ended ? '' : '¬'}`);

test.each([
  ['a new file', null, 'a\nb\n', ['+a', '+b']],
  ['no change', 'a\nb\n', 'a\nb\n', [' a', ' b']],
  ['a changed line', 'a\nb\nc\n', 'a\nx\nc\n', [' a', '-b', '+x', ' c']],
  ['an emptied file', 'a\n', '', ['-a']],
  ['two empty files', '', '', []],
  ['only the last line end', 'a\n', 'a', ['-a', '+a¬']],
  ['moved lines', '1\n2\n3\n', '2\n3\n1\n', ['-1', ' 2', ' 3', '+1']],
] as const)('%s', (_name, before, after, lines) => {
  expect(compact(before, after)).toEqual(lines);
});

test('every line of both texts is in it, also where the clever way is too dear', () => {
  const before = Array.from({ length: 3000 }, (_, index) => `old ${index}\n`).join('');
  const after = Array.from({ length: 3000 }, (_, index) => (index % 7 === 0 ? `old ${index}\n` : `new ${index}\n`)).join('');
  const lines = lineDiff(before, after);
  const side = (kind: 'added' | 'removed'): string =>
    lines
      .filter((line) => line.kind === 'same' || line.kind === kind)
      .map((line) => `${line.text}\n`)
      .join('');
  expect(side('removed')).toBe(before);
  expect(side('added')).toBe(after);
});
