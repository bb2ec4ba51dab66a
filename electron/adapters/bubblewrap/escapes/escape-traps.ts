import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import type { Runner } from '../../../core/ports/runner.ts';

/** Something of the gateway's that no command may touch, and that tells when one has. */
export interface Listener {
  readonly port: number;
  hits(): number;
  close(): Promise<void>;
}

/** Listens on a port of 127.0.0.1 (0: any), or on a Unix socket (`\0name`: an abstract one), and counts who comes. Errors: throws when it cannot listen. */
export const listen = async (where: 0 | string): Promise<Listener> => {
  let hits = 0;
  const server: Server = createServer((socket) => {
    hits += 1;
    socket.on('error', () => undefined);
    socket.end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (where === 0) server.listen(0, '127.0.0.1', resolve);
    else server.listen(where, resolve);
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    hits: () => hits,
    close: async () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** Connects from outside the sandbox: the positive control. */
export const touch = async (where: number | string): Promise<void> =>
  new Promise((resolve) => {
    const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.once('close', () => resolve());
  });

/** A process of ours that a command may try to signal or trace. */
export interface Victim {
  readonly pid: number;
  /** It lives, and nobody traces it. */
  isUntouched(): boolean;
  end(): Promise<void>;
}

/** Errors: `unavailable` when it cannot be started. */
export const startVictim = async (runner: Runner): Promise<Victim> => {
  const ending = new AbortController();
  const command = { argv: ['/bin/sleep', '60'], env: {}, cwd: '/', descriptors: [], tty: false, timeoutMs: 60_000, outputLimit: 1024 };
  let hasEnded = false;
  let ended: Promise<unknown> = Promise.resolve();
  const pid = await new Promise<number>((resolve, reject) => {
    ended = runner.run(command, ending.signal, { onStarted: (handle) => resolve(handle.pid) }).then(() => (hasEnded = true), reject);
  });
  return {
    pid,
    isUntouched: () => !hasEnded && tracerOf(pid) === '0',
    async end() {
      ending.abort();
      await ended;
    },
  };
};

/** The pid of what traces a process, `0` for none; empty when it is gone. */
const tracerOf = (pid: number): string => {
  try {
    return /^TracerPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
};
