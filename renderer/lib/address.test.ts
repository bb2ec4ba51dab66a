import { expect, test } from 'vitest';
import { addToList, readList, removeFromList } from './address-list.ts';
import { parseSearch, stringifySearch, withSearch } from './address.ts';
import { mixedScriptWords } from './mixed-scripts.ts';

test('an address reads back as it was written', () => {
  const search = { agent: 'Claude Code', text: 'a&b=c #ü', type: 'call.denied,token.minted' };
  expect(parseSearch(stringifySearch(search))).toEqual(search);
  expect(stringifySearch({})).toBe('');
});

test('changing one filter leaves the others', () => {
  expect(withSearch({ agent: 'Codex', text: 'x' }, { text: null, tool: 'bash' })).toEqual({ agent: 'Codex', tool: 'bash' });
});

test('lists grow once and shrink to nothing', () => {
  expect(addToList('a', 'b')).toBe('a,b');
  expect(addToList('a,b', 'b')).toBe('a,b');
  expect(removeFromList('a,b', 'a')).toBe('b');
  expect(removeFromList('b', 'b')).toBeNull();
  expect(readList(undefined)).toEqual([]);
});

test('words of two alphabets are found, honest ones are not', () => {
  expect(mixedScriptWords('curl https://p\u0430ypal.com/x')).toEqual(['https://p\u0430ypal.com/x']);
  expect(mixedScriptWords('echo привет world > файл')).toEqual([]);
});
