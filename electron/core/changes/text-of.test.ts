import { describe, expect, it } from 'vitest';
import { countLines, shownText } from './text-of.ts';

describe('counting lines', () => {
  it.each([
    ['', '', 0, 0],
    ['', 'a\nb\n', 2, 0],
    ['a\nb', '', 0, 2],
    ['a\nb\nc\n', 'a\nx\nc\n', 1, 1],
    ['a\nb\nc\nd\n', 'b\nc\nd\ne\n', 1, 1],
    ['a\nb\n', 'b\na\n', 1, 1],
    ['x\n'.repeat(5), 'x\n'.repeat(8), 3, 0],
  ])('%j → %j: +%i −%i', (before, after, added, removed) => {
    expect(countLines(before, after)).toEqual({ added, removed });
  });

  it('gives up where too much differs, instead of holding up everything else', () => {
    const lines = (prefix: string): string => Array.from({ length: 20_000 }, (_, index) => `${prefix}${index}\n`).join('');
    expect(countLines(lines('a'), lines('b'))).toBeNull();
  });
});

describe('what is shown as text', () => {
  it('is UTF-8 without NUL, and cut between characters', () => {
    expect(shownText(Buffer.from('ü'), 2)).toEqual({ text: 'ü', isText: true, isCut: false });
    expect(shownText(Buffer.from('aü').subarray(0, 2), 3)).toEqual({ text: 'a', isText: true, isCut: true });
    expect(shownText(Buffer.from([0x61, 0]), 2).isText).toBe(false);
    expect(shownText(Buffer.from([0xff, 0xfe]), 2).isText).toBe(false);
  });
});
