import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../shared/json.ts';
import { canonicalJson, sha256Hex } from './canonical-json.ts';

const numberFromBits = (hex: string): number => Buffer.from(hex, 'hex').readDoubleBE();

describe('canonicalJson', () => {
  test("the RFC's own sample (§3.2.2 – 3.2.4), to the byte", () => {
    const sample: JsonValue = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('keys sort by UTF-16 code units, not by code points (§3.2.3)', () => {
    const sample = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1F600}': 5, '\u0080': 6, '\u00f6': 7 };
    const keys = [...canonicalJson(sample).matchAll(/:(\d)/g)].map((match) => Number(match[1]));
    expect(keys).toEqual([2, 4, 6, 7, 1, 5, 3]);
  });

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555554', '333333333.33333325'],
  ])('the number %s (Appendix B) is %s', (bits, text) => {
    expect(canonicalJson(numberFromBits(bits))).toBe(text);
  });

  test('the order of insertion does not matter; nesting and own __proto__ keys survive', () => {
    const one = JSON.parse('{"b":{"y":1,"x":[{"q":1,"p":2}]},"__proto__":{"z":1},"a":""}') as JsonValue;
    const two = JSON.parse('{"a":"","__proto__":{"z":1},"b":{"x":[{"p":2,"q":1}],"y":1}}') as JsonValue;
    expect(canonicalJson(one)).toBe('{"__proto__":{"z":1},"a":"","b":{"x":[{"p":2,"q":1}],"y":1}}');
    expect(canonicalJson(two)).toBe(canonicalJson(one));
  });

  const self: unknown[] = [];
  self.push(self);
  test.each<[string, unknown]>([
    ['NaN', { a: NaN }],
    ['Infinity', [Infinity]],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate in a key', { '\udc00': 1 }],
    ['undefined as a property', { a: undefined }],
    ['undefined itself', undefined],
    ['a hole in an array', Object.assign(new Array(2), { 1: 1 })],
    ['a bigint', 1n],
    ['a function', { toJSON: () => 1 }],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a symbol key', { [Symbol('a')]: 1 }],
    ['a value that contains itself', self],
  ])('refuses %s', (_name, value) => {
    expect(() => canonicalJson(value as JsonValue)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  test('a paired surrogate is text like any other', () => {
    expect(canonicalJson('\ud83d\ude00')).toBe('"😀"');
  });
});

describe('sha256Hex', () => {
  test('hashes UTF-8 bytes', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256Hex('€')).toBe(sha256Hex(Buffer.from([0xe2, 0x82, 0xac])));
  });
});
