import { describe, expect, it } from 'vitest';
import { isListed, readDomainPattern } from './domain-patterns.ts';
import { normaliseHost, readAuthority } from './host-name.ts';

describe('the one spelling of a host', () => {
  it.each([
    ['OK.Test', 'ok.test'],
    ['ok.test.', 'ok.test'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['1password.com', '1password.com'],
    ['3.pool.ntp.org', '3.pool.ntp.org'],
    ['ｏｋ.test', 'ok.test'],
    ['ok。test', 'ok.test'],
  ])('%s is %s', (text, host) => expect(normaliseHost(text)).toBe(host));

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7F.1',
    '0177.0.0.1',
    'ok.0x',
    '1.2.3.4.',
    '１２７.0.0.1',
    '[::1]',
    '::1',
    'fe80::1%eth0',
    '::ffff:127.0.0.1',
    'ok.test\0.evil',
    'ok.test%00.evil',
    'ok%2etest',
    'user@ok.test',
    'ok.test:443',
    'ok.test/',
    'ok.test#',
    'ok.test?',
    'ok.test\\evil',
    'ok test',
    'ok.test\r\n',
    ' ok.test',
    'ok..test',
    '.ok.test',
    'ok.test..',
    '-ok.test',
    'ok-.test',
    'ok_.test',
    '*.test',
    '',
    '.',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(127)}test`,
    'ok\u{2024}test\u{0}',
  ])('%j is none', (text) => expect(normaliseHost(text)).toBeNull());

  it('reads an authority of a request', () => {
    expect(readAuthority('OK.test:8443', null)).toEqual({ host: 'ok.test', port: 8443 });
    expect(readAuthority('ok.test', 80)).toEqual({ host: 'ok.test', port: 80 });
    for (const text of [
      'ok.test',
      'ok.test:',
      'ok.test:0',
      'ok.test:65536',
      'ok.test:1:2',
      'ok.test:+1',
      'a@ok.test:1',
      '[::1]:1',
      'bücher.example:1',
    ])
      expect(readAuthority(text, null), text).toBeNull();
  });
});

describe('patterns', () => {
  const patterns = ['ok.test', '*.wide.test', 'odd.test:8443'].map(readDomainPattern);

  it.each([
    ['ok.test', 443, true],
    ['ok.test', 80, true],
    ['a.wide.test', 443, true],
    ['a.b.wide.test', 443, true],
    ['odd.test', 8443, true],
    ['ok.test', 22, false],
    ['odd.test', 443, false],
    ['evilok.test', 443, false],
    ['ok.test.evil', 443, false],
    ['sub.ok.test', 443, false],
    ['wide.test', 443, false],
    ['evilwide.test', 443, false],
    ['a.wide.test.evil', 443, false],
  ])('%s:%i → %s', (host, port, expected) => expect(isListed(patterns, { host, port })).toBe(expected));

  it.each(['127.0.0.1', '*.1', '*', '*.*.test', 'a.*.test', 'ok.test:0', 'ok.test:99999', 'https://ok.test', 'ok.test/x', ''])(
    'refuses %j',
    (text) => expect(() => readDomainPattern(text)).toThrow(/names no host/),
  );
});
