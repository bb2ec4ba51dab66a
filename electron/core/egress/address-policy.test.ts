import { describe, expect, it } from 'vitest';
import { readAddress, writeAddress } from './address.ts';
import { isSameAddress, judgeAddress } from './address-policy.ts';

const judge = (text: string) => {
  const bytes = readAddress(text);
  return bytes === null ? 'unreadable' : judgeAddress(bytes);
};

describe('addresses are judged as bytes', () => {
  it.each([
    ['93.184.215.14', 'public'],
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['192.0.1.0', 'public'],
    ['223.255.255.255', 'public'],
    ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'public'],
    ['2a00:1450:4001:80b::200e', 'public'],
  ])('lets %s out', (text, kind) => expect(judge(text)).toBe(kind));

  it.each([
    ['127.0.0.1', 'local'],
    ['127.255.255.254', 'local'],
    ['10.0.0.1', 'local'],
    ['172.16.0.1', 'local'],
    ['172.31.255.255', 'local'],
    ['192.168.1.1', 'local'],
    ['100.64.0.1', 'local'],
    ['100.127.255.255', 'local'],
    ['::1', 'local'],
    ['fc00::1', 'local'],
    ['fd12:3456::1', 'local'],
    ['0.0.0.0', 'never'],
    ['0.1.2.3', 'never'],
    ['169.254.0.1', 'never'],
    ['169.254.169.254', 'never'],
    ['100.100.100.200', 'never'],
    ['168.63.129.16', 'never'],
    ['192.0.0.192', 'never'],
    ['192.0.2.1', 'never'],
    ['192.88.99.1', 'never'],
    ['198.18.0.1', 'never'],
    ['198.19.255.255', 'never'],
    ['198.51.100.1', 'never'],
    ['203.0.113.1', 'never'],
    ['224.0.0.1', 'never'],
    ['239.255.255.250', 'never'],
    ['240.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['::', 'never'],
    ['fe80::1', 'never'],
    ['fec0::1', 'never'],
    ['ff02::1', 'never'],
    ['fd00:ec2::254', 'never'],
    ['fd20:ce::254', 'never'],
    ['100::1', 'never'],
    ['2001:db8::1', 'never'],
    ['2001:2::1', 'never'],
    ['2001:10::1', 'never'],
    ['3fff::1', 'never'],
    ['5f00::1', 'never'],
    ['4000::1', 'never'],
  ])('holds %s back as %s', (text, kind) => expect(judge(text)).toBe(kind));

  it.each([
    ['::ffff:127.0.0.1', 'local'],
    ['::ffff:7f00:1', 'local'],
    ['::ffff:169.254.169.254', 'never'],
    ['::ffff:8.8.8.8', 'public'],
    ['::ffff:0:127.0.0.1', 'local'],
    ['::127.0.0.1', 'never'],
    ['::8.8.8.8', 'never'],
    ['64:ff9b::7f00:1', 'local'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['64:ff9b::808:808', 'public'],
    ['64:ff9b:1::808:808', 'never'],
    ['2002:7f00:1::1', 'local'],
    ['2002:a00:1::1', 'local'],
    ['2002:808:808::1', 'public'],
    // Teredo: the server in the open, the client flipped.
    ['2001:0:808:808::f7f7:f7f7', 'public'],
    ['2001:0:808:808::80ff:fffe', 'local'],
    ['2001:0:7f00:1::f7f7:f7f7', 'local'],
    ['2a00:1::5efe:10.0.0.1', 'local'],
    ['2a00:1::200:5efe:7f00:1', 'local'],
    ['2a00:1::5efe:8.8.8.8', 'public'],
  ])('unwraps %s, which is %s', (text, kind) => expect(judge(text)).toBe(kind));

  it('takes bytes of no address for nothing', () => {
    for (const length of [0, 3, 5, 15, 17]) expect(judgeAddress(new Uint8Array(length))).toBe('never');
  });
});

describe('addresses as text', () => {
  it.each([
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.0.0.01',
    '256.0.0.1',
    '1.2.3.4.5',
    '',
    ' 1.2.3.4',
    '1.2.3.4 ',
    'fe80::1%eth0',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    'g::1',
    '12345::',
    ':1',
    '::1.2.3',
  ])('does not read %s', (text) => expect(readAddress(text)).toBeNull());

  it('writes what it reads', () => {
    expect(writeAddress(readAddress('10.20.30.40')!)).toBe('10.20.30.40');
    expect(writeAddress(readAddress('2001:db8::ff')!)).toBe('2001:db8:0:0:0:0:0:ff');
    expect(writeAddress(readAddress('::ffff:1.2.3.4')!)).toBe('0:0:0:0:0:ffff:102:304');
  });

  it('knows an address in its IPv6 clothes', () => {
    expect(isSameAddress(readAddress('1.2.3.4')!, readAddress('::ffff:1.2.3.4')!)).toBe(true);
    expect(isSameAddress(readAddress('1.2.3.4')!, readAddress('1.2.3.5')!)).toBe(false);
  });
});
