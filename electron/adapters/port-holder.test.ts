import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { findPortHolder } from './port-holder.ts';

it('names the program that holds a port, and nobody when it is free', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(findPortHolder(port)).toMatchObject({ pid: process.pid });
  expect(findPortHolder(port)?.program).toMatch(/node/);
  await new Promise((resolve) => server.close(resolve));
  expect(findPortHolder(port)).toBeNull();
});
