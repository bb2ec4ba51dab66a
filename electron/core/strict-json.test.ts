import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonValue } from '../../shared/json.ts';
import { AppError } from '../../shared/errors.ts';
import { parseStrictJson } from './strict-json.ts';

function refusal(source: string | Uint8Array, limits = {}): string {
  try {
    parseStrictJson(source, limits);
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_input') return error.message;
    throw error;
  }
  return 'accepted';
}

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)));

describe('what it accepts', () => {
  it.each<[string, JsonValue]>([
    ['null', null],
    [' \t\r\n true ', true],
    ['false', false],
    ['0', 0],
    ['-0', 0],
    ['-12.5e-1', -1.25],
    ['1E3', 1000],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['""', ''],
    ['"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', 'a"\\/\b\f\n\r\té'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"😀"', '😀'],
    ['"\u2028\u007f"', '\u2028\u007f'],
    ['[]', []],
    ['[1, [2], {}]', [1, [2], {}]],
    ['{"a":{"a":1},"b":[{"a":2}]}', { a: { a: 1 }, b: [{ a: 2 }] }],
  ])('%s', (text, expected) => {
    expect(parseStrictJson(text)).toEqual(expected);
    expect(parseStrictJson(new TextEncoder().encode(text))).toEqual(expected);
  });
});

describe('what it refuses, and where', () => {
  it.each([
    ['', 'line 1, column 1: it ends too early'],
    ['{"a":1,"a":2}', 'line 1, column 8: the key appears twice'],
    ['{"a":1,\n "\\u0061":2}', 'line 2, column 2: the key appears twice'],
    ['{"__proto__":1,"__proto__":2}', 'appears twice'],
    ['[1,]', 'a value was expected'],
    ['[1 2]', 'a comma or ] was expected'],
    ['{"a" 1}', 'a colon was expected'],
    ['{a:1}', 'a key in double quotes'],
    ["{'a':1}", 'a key in double quotes'],
    ['{"a":1,}', 'a key in double quotes'],
    ['{"a":1', 'it ends too early'],
    ['"abc', 'a string is not closed'],
    ['"\\x41"', 'an escape that JSON does not have'],
    ['"\\u00g0"', 'four hexadecimal digits'],
    ['"\\', 'an escape that JSON does not have'],
    ['"a\nb"', 'raw control character'],
    ['"\u0000"', 'raw control character'],
    ['"\\ud800"', 'escaped lone surrogate'],
    ['"\\udc00"', 'escaped lone surrogate'],
    ['"\\ud800\\ud800"', 'escaped lone surrogate'],
    ['"\\ud800x"', 'escaped lone surrogate'],
    ['"\ud800"', 'lone surrogate'],
    ['"\udc00\ud800"', 'lone surrogate'],
    ['{"\\udfff":1}', 'lone surrogate'],
    ['9007199254740992', 'beyond'],
    ['-9007199254740993', 'beyond'],
    ['1e308', 'beyond'],
    ['1e400', 'too large'],
    ['-1e400', 'too large'],
    ['01', 'text after the end'],
    ['+1', 'a value was expected'],
    ['.5', 'a value was expected'],
    ['1.', 'text after the end'],
    ['NaN', 'a value was expected'],
    ['Infinity', 'a value was expected'],
    ['truex', 'text after the end'],
    ['{} {}', 'line 1, column 4: there is text after the end'],
    ['1 // no', 'text after the end'],
    ['\u00a01', 'a value was expected'],
    ['\ufeff{}', 'byte order mark'],
  ])('%j', (text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it.each([
    ['a byte order mark', bytes([0xef, 0xbb, 0xbf], '{}'), 'byte order mark'],
    ['an overlong slash', bytes('"', [0xc0, 0xaf], '"'), 'not valid UTF-8'],
    ['an encoded surrogate', bytes('"', [0xed, 0xa0, 0x80], '"'), 'not valid UTF-8'],
    ['a cut sequence', bytes('"', [0xf0, 0x9f, 0x98], '"'), 'not valid UTF-8'],
    ['UTF-16', Uint8Array.from([0xff, 0xfe, 0x7b, 0x00]), 'not valid UTF-8'],
  ])('bytes: %s', (_name, source, message) => {
    expect(refusal(source)).toContain(message);
  });
});

describe('limits', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  it('counts depth and stops before the stack does', () => {
    expect(refusal(nested(32))).toBe('accepted');
    expect(refusal(nested(33))).toContain('deeper than 32');
    expect(refusal('['.repeat(1_000_000))).toContain('deeper than 32');
    expect(refusal('{"a":'.repeat(100_000))).toContain('deeper than 32');
    expect(refusal('[[1]]', { maxDepth: 1 })).toContain('column 2: it is nested deeper than 1');
  });

  it('counts bytes, not characters', () => {
    expect(refusal('"éé"', { maxBytes: 6 })).toBe('accepted');
    expect(refusal('"éé"', { maxBytes: 5 })).toContain('larger than 5 bytes');
    expect(refusal(bytes('"éé"'), { maxBytes: 5 })).toContain('larger than 5 bytes');
  });

  it('counts values', () => {
    expect(refusal('[1,2]', { maxNodes: 3 })).toBe('accepted');
    expect(refusal('[1,2,3]', { maxNodes: 3 })).toContain('more than 3 values');
  });

  it('stays linear on a long hostile text', () => {
    const started = performance.now();
    expect(refusal('"' + '\\u0061'.repeat(500_000))).toContain('not closed');
    expect(refusal('[' + '0,'.repeat(49_999) + '}')).toContain('a value was expected');
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('keys that other parsers trip over', () => {
  it('are own data, and change no prototype', () => {
    const value = parseStrictJson('{"__proto__":{"polluted":true},"constructor":1,"hasOwnProperty":2,"toString":3}') as Record<
      string,
      JsonValue
    >;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('F39: are refused by a strict schema', () => {
    const schema = z.strictObject({ path: z.string() });
    expect(schema.safeParse(parseStrictJson('{"path":"a"}')).success).toBe(true);
    for (const key of ['__proto__', 'constructor', 'prototype', 'Path', 'path ', 'path\u200b']) {
      expect(schema.safeParse(parseStrictJson(`{"path":"a",${JSON.stringify(key)}:{}}`)).success, key).toBe(false);
    }
  });
});

describe('against JSON.parse', () => {
  const random = seeded(20261123);
  const letters = ['a', 'é', '"', '\\', '\n', '\u0001', '😀', '/', '\u2028', '__proto__'];

  function anyValue(depth: number): JsonValue {
    const kind = Math.floor(random() * (depth > 3 ? 4 : 6));
    if (kind === 0) return null;
    if (kind === 1) return random() < 0.5;
    if (kind === 2) return Math.round((random() - 0.5) * 1e9) / (random() < 0.5 ? 1 : 1024) + 0;
    if (kind === 3) return anyText();
    const items = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(depth + 1));
    return kind === 4 ? items : Object.fromEntries(items.map((item) => [anyText(), item]));
  }

  const anyText = () => Array.from({ length: Math.floor(random() * 4) }, () => letters[Math.floor(random() * letters.length)]).join('');

  it('gives the same for whatever JSON.stringify writes', () => {
    for (let round = 0; round < 3000; round += 1) {
      const text = JSON.stringify(anyValue(0), null, round % 3);
      expect(JSON.stringify(parseStrictJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }
  });

  it('never accepts what JSON.parse refuses, and agrees where both accept', () => {
    const alphabet = '{}[]",:\\0123456789.eE+-truefalsn \n\tud8ac\ud83d\ude00';
    let accepted = 0;
    for (let round = 0; round < 30_000; round += 1) {
      const characters = JSON.stringify(anyValue(1)).split('');
      for (let edits = Math.floor(random() * 3); edits >= 0; edits -= 1) {
        const insert = random() < 0.7 ? (alphabet[Math.floor(random() * alphabet.length)] ?? '') : '';
        characters.splice(Math.floor(random() * (characters.length + 1)), random() < 0.5 ? 1 : 0, insert);
      }
      const text = characters.join('');
      if (refusal(text) !== 'accepted') continue;
      accepted += 1;
      expect(JSON.stringify(parseStrictJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }
    expect(accepted).toBeGreaterThan(1000);
  });
});

/** mulberry32: the same cases in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
