import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';

/** Listeners beside the egress world's own, on the same port: TCP on IPv6's loopback, and datagrams on both. Nobody may reach them. */
export interface EgressCanaries {
  /** Connections so far. */
  hits(): number;
  /**
   * Datagrams so far, but for our own. Sends one of ours to each socket and waits for it: datagrams on loopback arrive in order, so that what was sent
   * before is there. Positive control: ours do arrive.
   */
  datagrams(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Errors: rejects where the port is taken, or where this machine has no IPv6 on its loopback. */
export const openEgressCanaries = async (port: number): Promise<EgressCanaries> => {
  let hits = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    hits += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.end('canary');
  });
  await listening(server, port);
  const received: string[] = [];
  const bound = await Promise.all([bind('udp4', '127.0.0.1', port), bind('udp6', '::1', port)]);
  for (const { socket } of bound) socket.on('message', (bytes) => received.push(bytes.toString()));
  let sent = 0;
  return {
    hits: () => hits,
    async datagrams() {
      for (const { type, address } of bound) {
        sent += 1;
        const mark = `ours ${String(sent)}`;
        const sender = createSocket(type);
        sender.send(mark, port, address);
        await expect.poll(() => received, { timeout: 10_000, interval: 10 }).toContain(mark);
        sender.close();
      }
      return received.filter((text) => !/^ours \d+$/.test(text));
    },
    async close() {
      for (const { socket } of bound) socket.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const listening = async (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::1', resolve);
  });

interface Bound {
  readonly type: 'udp4' | 'udp6';
  readonly address: string;
  readonly socket: DatagramSocket;
}

const bind = async (type: Bound['type'], address: string, port: number): Promise<Bound> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(type);
    socket.once('error', reject);
    socket.bind(port, address, () => resolve({ type, address, socket }));
  });
