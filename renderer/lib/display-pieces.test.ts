import { expect, test } from 'vitest';
import { blockPieces } from './display-pieces.ts';

const shown = (text: string): string =>
  blockPieces(text)
    .map((piece) => piece.text)
    .join('');

test('THREATS 15: long runs of nothing are counted, so that they hide nothing', () => {
  expect(shown(`a${' '.repeat(10_000)}b`)).toBe('a\\u{20}×10000b');
  expect(shown(`a${'\n'.repeat(200)}b`)).toBe('a\\u{a}×200b');
  expect(shown(`a${'\t'.repeat(16)}b`)).toBe('a\\u{9}×16b');
});

test('indentation and paragraphs stay as they are', () => {
  const text = `if x:\n${' '.repeat(40)}y\n\n\nz\t1`;
  expect(shown(text)).toBe(text);
  expect(blockPieces(text).every((piece) => !piece.hidden)).toBe(true);
});

test('a text that spells out a count does not read like one', () => {
  expect(shown('a\\u{20}×10000b')).toBe('a\\u{5c}u{20}×10000b');
  expect(
    blockPieces('a\\u{20}×10000b')
      .filter((piece) => piece.hidden)
      .map((piece) => piece.text),
  ).toEqual(['\\u{5c}']);
});
