import { chmodSync, lstatSync, mkdirSync, rmSync, type Stats } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { createHttpMount, type HttpMountDeps } from './http-mount.ts';

export interface OperatorSocketDeps extends Omit<HttpMountDeps, 'caller'> {
  /** From `operatorSocketPath`. */
  readonly path: string;
}

export interface OperatorSocket {
  readonly path: string;
  /** Errors: `conflict` when another instance answers there, `unavailable` when the place is not safe. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const probeLimitMs = 2000;

/**
 * The operator plane for the command line, on a Unix socket. Node cannot ask the kernel who is at the other end (SO_PEERCRED), so
 * the file's mode is the guard: 0600, in a folder of 0700 that belongs to us.
 */
export function createOperatorSocket(deps: OperatorSocketDeps): OperatorSocket {
  const mount = createHttpMount({ ...deps, caller: { channel: 'command-line' } });
  let running: { readonly server: Server; readonly stopping: AbortController } | null = null;
  return {
    path: deps.path,
    async start() {
      makePrivateFolder(dirname(deps.path));
      await removeStaleSocket(deps.path);
      const stopping = new AbortController();
      const server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 30_000 }, (req, res) => {
        void mount.handle(req, res, stopping.signal);
      });
      server.maxConnections = 128;
      await listenPrivately(server, deps.path);
      running = { server, stopping };
    },
    async stop() {
      if (running === null) return;
      const { server, stopping } = running;
      running = null;
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  // SECURITY: in a folder that others may write, somebody else could put their own socket in our place.
  if (!found.isDirectory() || !isOurs(found) || (found.mode & 0o077) !== 0) {
    throw new AppError('unavailable', `${folder} must be a folder of this user with mode 0700. Run: chmod 700 ${folder}`);
  }
}

const isOurs = (found: Stats): boolean => found.uid === process.getuid?.();

async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket() || !isOurs(found)) throw new AppError('unavailable', `${path} is not a socket of this user. Move it away.`);
  if (await answers(path)) {
    throw new AppError('conflict', 'Another Gatehouse is running on this data directory. Use it, or stop it first.');
  }
  rmSync(path);
}

/** Whether somebody listens. SECURITY: only a refused connection proves that nobody does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(probeLimitMs, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

async function listenPrivately(server: Server, path: string): Promise<void> {
  // SECURITY: the file is made 0600 by the bind itself, which happens before listen() returns, whatever the caller's umask.
  const umask = process.umask(0o177);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('unavailable', `The operator socket ${path} could not be opened.`, { cause })));
    server.once('listening', resolve);
  });
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  await listening;
  chmodSync(path, 0o600);
}
