import { expect, it } from 'vitest';
import { craftClientHello, cutRecords, makeClientHello, serverNames } from '../../testing/client-hello.ts';
import { longestHello, readClientHello } from './client-hello.ts';

it('reads the name that a real client asks for', async () => {
  expect(readClientHello(await makeClientHello('ok.test'))).toEqual({ kind: 'hello', serverName: 'ok.test' });
  expect(readClientHello(await makeClientHello(null))).toEqual({ kind: 'hello', serverName: null });
});

it('waits for the last byte, however the hello is cut', async () => {
  const hello = await makeClientHello('ok.test');
  for (const whole of [hello, cutRecords(hello, 50), cutRecords(hello, 500)]) {
    for (let length = 0; length < whole.length; length += 13)
      expect(readClientHello(whole.subarray(0, length)).kind, `${length}`).toBe('incomplete');
    expect(readClientHello(whole.subarray(0, -1)).kind).toBe('incomplete');
    expect(readClientHello(whole)).toEqual({ kind: 'hello', serverName: 'ok.test' });
    expect(readClientHello(Buffer.concat([whole, Buffer.from('more')]))).toEqual({ kind: 'hello', serverName: 'ok.test' });
  }
});

it('takes one name, once, and nothing that servers could read differently', () => {
  expect(readClientHello(craftClientHello([[0, serverNames('ok.test')]]))).toEqual({ kind: 'hello', serverName: 'ok.test' });
  const bad: Readonly<Record<string, Buffer>> = {
    'two names in a list': craftClientHello([[0, serverNames('ok.test', 'evil.test')]]),
    'two lists': craftClientHello([
      [0, serverNames('ok.test')],
      [0, serverNames('evil.test')],
    ]),
    'an empty name': craftClientHello([[0, serverNames('')]]),
    'an empty list': craftClientHello([[0, Buffer.from([0, 0])]]),
    'a name past its list': craftClientHello([[0, Buffer.from([0, 4, 0, 0, 9, 65])]]),
    'more after the list': craftClientHello([[0, Buffer.concat([serverNames('ok.test'), Buffer.from([0])])]]),
    'a name of another kind': craftClientHello([[0, Buffer.from([0, 4, 1, 0, 1, 65])]]),
    'SSL 2': Buffer.from([0x80, 0x2e, 1, 0, 2]),
    SSH: Buffer.from('\u0000SSH-2.0-x\r\n'),
    'an alert': Buffer.from([21, 3, 1, 0, 2, 1, 0]),
    'an empty record': Buffer.from([22, 3, 1, 0, 0]),
    'a record that is too long': Buffer.from([22, 3, 1, 0x40, 1]),
    'another handshake message': Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]),
    'a message without end': Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]),
  };
  for (const [name, bytes] of Object.entries(bad)) expect(readClientHello(bytes).kind, name).toBe('malformed');
});

it('gives up on a hello that goes on and on, or comes in crumbs', () => {
  const endless = Buffer.concat([Buffer.from([1, 0, 0x3f, 0]), Buffer.alloc(20_000)]);
  const crumbs = cutRecords(Buffer.concat([Buffer.alloc(5), endless]), 1);
  expect(readClientHello(crumbs.subarray(0, 6 * 64)).kind).toBe('incomplete');
  expect(readClientHello(crumbs).kind).toBe('malformed');
  const began = performance.now();
  for (let length = 0; length < longestHello; length += 1) readClientHello(crumbs.subarray(0, length));
  expect(performance.now() - began).toBeLessThan(2000);
});
