import { connect, type TLSSocket } from 'node:tls';
import type { DialedStream } from '../../core/ports/egress.ts';
import { spokenProtocols } from './intercept.ts';

/**
 * Takes the client's part of the handshake with a server that was dialled, and verifies it for this name. Null when it is not who it should be, or
 * does not finish. The stream is closed then.
 * @param roots PEM
 */
export const secureUpstream = async (
  stream: DialedStream,
  host: string,
  roots: string,
  { signal, timeLimitMs }: { readonly signal: AbortSignal; readonly timeLimitMs: number },
): Promise<TLSSocket | null> =>
  await new Promise((resolve) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);
    const secure = connect({
      socket: stream,
      servername: host,
      ca: roots,
      ALPNProtocols: spokenProtocols,
      minVersion: 'TLSv1.2',
      // SECURITY: said here, for otherwise a variable of the environment could say the opposite.
      rejectUnauthorized: true,
    });
    const fail = (): void => {
      limit.removeEventListener('abort', fail);
      secure.destroy();
      stream.destroy();
      resolve(null);
    };
    limit.addEventListener('abort', fail, { once: true });
    secure.once('close', fail);
    secure.on('error', fail);
    secure.once('secureConnect', () => {
      limit.removeEventListener('abort', fail);
      secure.off('close', fail).off('error', fail);
      secure.on('error', () => secure.destroy());
      resolve(secure);
    });
    if (limit.aborted) fail();
  });
