import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { AppError } from '../../../shared/errors.ts';
import { readAddress } from '../../core/egress/address.ts';
import type { Dialer } from '../../core/ports/egress.ts';

/** Names that are looked up at a time: each takes one of libuv's four threads, which files and the log need too. */
const mostLookups = 2;
/** Names that wait for their turn. */
const longestQueue = 64;

/** The `Dialer` port over the system's resolver (which reads /etc/hosts) and plain TCP. */
export const createSystemDialer = (): Dialer => {
  const waiting: (() => void)[] = [];
  let running = 0;

  const takeTurn = async (): Promise<void> => {
    if (running >= mostLookups) {
      if (waiting.length >= longestQueue) throw new AppError('unavailable', 'too many names are being looked up; try again');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
  };
  const endTurn = (): void => {
    running -= 1;
    waiting.shift()?.();
  };

  const find = async (host: string, signal: AbortSignal): Promise<readonly Uint8Array[]> => {
    await takeTurn();
    try {
      // It waited too long for its turn; who asked has been told.
      if (signal.aborted) return await aborted(signal);
      const found = await lookup(host, { all: true, order: 'verbatim' });
      // What is no plain address (a zone) stands as bytes of no length, which are refused.
      return found.map(({ address }) => readAddress(address) ?? new Uint8Array());
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('not_found', `${host} has no address`, { cause: error });
    } finally {
      endTurn();
    }
  };

  return {
    resolve: async (host, signal) => await Promise.race([find(host, signal), aborted(signal)]),
    dial: async ({ text, port }, signal) =>
      await new Promise<Socket>((resolve, reject) => {
        const socket = connect({ host: text, port, allowHalfOpen: true, noDelay: true, autoSelectFamily: false });
        const fail = (error?: unknown): void => {
          socket.destroy();
          reject(new AppError('unavailable', `${text} does not answer`, { cause: error }));
        };
        const onAbort = (): void => fail();
        signal.addEventListener('abort', onAbort, { once: true });
        socket.once('error', fail);
        socket.once('connect', () => {
          signal.removeEventListener('abort', onAbort);
          socket.off('error', fail);
          resolve(socket);
        });
        if (signal.aborted) fail();
      }),
  };
};

const aborted = async (signal: AbortSignal): Promise<never> =>
  await new Promise((_, reject) => {
    const fail = (): void => reject(new AppError('unavailable', 'the name took too long'));
    if (signal.aborted) return fail();
    signal.addEventListener('abort', fail, { once: true });
  });
