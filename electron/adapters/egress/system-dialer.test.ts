import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { readAddress, writeAddress } from '../../core/egress/address.ts';
import { freePort } from '../../testing/free-port.ts';
import { createSystemDialer } from './system-dialer.ts';

const soon = (): AbortSignal => AbortSignal.timeout(5000);
const loopback = (port: number) => ({ bytes: readAddress('127.0.0.1')!, text: '127.0.0.1', port });

it('asks the system for names, /etc/hosts included, and answers in bytes', async () => {
  const found = await createSystemDialer().resolve('localhost', soon());
  expect(found.map(writeAddress)).toEqual(expect.arrayContaining([expect.stringMatching(/^127\.0\.0\.1$|^0:0:0:0:0:0:0:1$/)]));
});

it('gives up on a name when it is told to, and lets no queue grow without end', async () => {
  const dialer = createSystemDialer();
  await expect(dialer.resolve('localhost', AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
  const many = await Promise.allSettled(Array.from({ length: 100 }, async () => await dialer.resolve('localhost', soon())));
  const refused = many.filter(({ status }) => status === 'rejected').length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(100);
  expect(await dialer.resolve('localhost', soon())).not.toEqual([]);
});

it('connects to the address it is given, or says that nobody answers', async () => {
  const dialer = createSystemDialer();
  const server = createServer((socket) => socket.end('hello'));
  const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
  const stream = await dialer.dial(loopback(port), soon());
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  expect([text, stream.bytesRead]).toEqual(['hello', 5]);
  server.close();
  await expect(dialer.dial(loopback(await freePort()), soon())).rejects.toMatchObject({ code: 'unavailable' });
  await expect(dialer.dial(loopback(port), AbortSignal.abort())).rejects.toMatchObject({ code: 'unavailable' });
});
