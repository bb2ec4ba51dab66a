import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { quoted } from './shell-words.ts';

/** Every character of one byte but NUL, one by one, and what shells trip over. */
const hostileWords: readonly string[] = [
  '',
  ' ',
  '-n',
  '--',
  '-c',
  "'",
  "''",
  "'; touch made; '",
  '"',
  '\\',
  "\\'",
  '$(touch made)',
  '`touch made`',
  '${IFS}',
  '\n',
  '\r\n',
  'ends with a newline\n',
  '\\\n',
  '!!',
  '~',
  '* ? [a]',
  '{a,b}',
  '# no comment',
  '&& || ; | > <',
  'ünïcödé €😀\ufeff\u2028',
  '\u0001\u007f\u0080\u009b',
  ...Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)),
  'x'.repeat(100_000),
];

describe('shell words', () => {
  it.each(['/bin/bash', '/bin/sh'])('F39: are read back byte for byte by %s, whatever they are', (shell) => {
    const out = execFileSync(shell, ['-c', `set -- ${hostileWords.map(quoted).join(' ')}\nprintf '%s\\0' "$@"`], {
      env: {},
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(out.toString().split('\0').slice(0, -1)).toEqual(hostileWords);
  });

  it('refuses a NUL, which would end a word early', () => {
    expect(() => quoted('a\0b')).toThrow(RangeError);
  });
});
