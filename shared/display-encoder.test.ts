import { describe, expect, it } from 'vitest';
import { encodeForDisplay, segments } from './display-encoder.ts';

const visible = [
  'git commit -m "fix: tabs, not spaces" && rm -rf ./build',
  'Grüße, 世界, Здравствуйте, नमस्ते, مرحبا, שלום',
  'café and cafe\u0301',
  '👩 🚀 🇫🇷 €',
  '\\n is two characters, and so is \\u',
];

const hidden: readonly (readonly [string, number])[] = [
  ['right-to-left override', 0x202e],
  ['left-to-right isolate', 0x2066],
  ['Arabic letter mark', 0x061c],
  ['zero-width space', 0x200b],
  ['zero-width joiner', 0x200d],
  ['byte order mark', 0xfeff],
  ['soft hyphen', 0xad],
  ['variation selector', 0xfe0f],
  ['tag character', 0xe0041],
  ['combining grapheme joiner', 0x34f],
  ['Hangul filler', 0x3164],
  ['half-width Hangul filler', 0xffa0],
  ['Braille blank', 0x2800],
  ['musical null notehead', 0x1d159],
  ['no-break space', 0xa0],
  ['em space', 0x2003],
  ['ideographic space', 0x3000],
  ['Ogham space', 0x1680],
  ['line separator', 0x2028],
  ['paragraph separator', 0x2029],
  ['next line', 0x85],
  ['NUL', 0],
  ['escape', 0x1b],
  ['C1 control sequence introducer', 0x9b],
  ['delete', 0x7f],
  ['backspace', 8],
  ['carriage return', 0x0d],
  ['private use', 0xe000],
  ['noncharacter', 0xffff],
  ['enclosing circle', 0x20dd],
  ['interlinear annotation', 0xfff9],
  ['object replacement', 0xfffc],
];

describe('the display encoder', () => {
  it.each(visible)('shows what can be seen as it is: %s', (text) => {
    expect(encodeForDisplay(text)).toBe(text);
    expect(segments(text)).toEqual([{ text, hidden: false }]);
  });

  it.each(hidden)('writes out %s', (_name, code) => {
    const text = `a${String.fromCodePoint(code)}b`;
    const shown = `\\u{${code.toString(16)}}`;
    expect(encodeForDisplay(text)).toBe(`a${shown}b`);
    expect(encodeForDisplay(text, { multiline: true })).toBe(`a${shown}b`);
    expect(segments(text)).toEqual([
      { text: 'a', hidden: false },
      { text: shown, hidden: true },
      { text: 'b', hidden: false },
    ]);
  });

  it('leaves nothing of a terminal escape, an OSC 52 or an OSC 8 to a terminal', () => {
    const attack = '\u001b[2J\u001b]52;c;ZXZpbA==\u0007\u001b]8;;http://evil.test\u001b\\link\u009b31m';
    expect(encodeForDisplay(attack)).toMatch(/^[\x20-\x7e]*$/);
    expect(encodeForDisplay(attack)).toContain('\\u{1b}[2J\\u{1b}]52;c;ZXZpbA==\\u{7}');
  });

  it('keeps lines only where several are shown', () => {
    expect(encodeForDisplay('a\n\tb')).toBe('a\\u{a}\\u{9}b');
    expect(encodeForDisplay('a\n\tb\r', { multiline: true })).toBe('a\n\tb\\u{d}');
  });

  it('writes out lone surrogates, and not pairs', () => {
    expect(encodeForDisplay('\ud800x\udc00')).toBe('\\u{d800}x\\u{dc00}');
    expect(encodeForDisplay('\u{1f680}')).toBe('\u{1f680}');
  });

  it('cannot be imitated: a text that spells an escape is shown differently from the character', () => {
    const spelled = 'x\\u{202e}y';
    expect(encodeForDisplay(spelled)).toBe('x\\u{5c}u{202e}y');
    expect(encodeForDisplay(spelled)).not.toBe(encodeForDisplay('x\u202ey'));
    expect(segments(spelled)[1]).toEqual({ text: '\\u{5c}', hidden: true });
  });

  it('lets marks neither pile up nor sit on what is not theirs', () => {
    const mark = '\u0301';
    expect(encodeForDisplay(`e${mark.repeat(4)}`)).toBe(`e${mark.repeat(4)}`);
    expect(encodeForDisplay(`e${mark.repeat(5)}`)).toBe(`e${mark.repeat(4)}\\u{301}`);
    expect(encodeForDisplay(`${mark}a`)).toBe('\\u{301}a');
    expect(encodeForDisplay(`a ${mark}`)).toBe('a \\u{301}');
    expect(encodeForDisplay(`\u200b${mark}`)).toBe('\\u{200b}\\u{301}');
    expect(encodeForDisplay(`a\n${mark}`, { multiline: true })).toBe('a\n\\u{301}');
  });

  it('takes a megabyte in well under a second', () => {
    const began = performance.now();
    expect(encodeForDisplay('\u202ea'.repeat(350_000))).toHaveLength(350_000 * 9);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
