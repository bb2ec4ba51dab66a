import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { Leaf } from './certificate-authority.ts';

/** The only version of HTTP that is compared, and so the only one that is spoken, on either side. */
export const spokenProtocols = ['http/1.1'];

/**
 * Takes the server's part of the handshake on a connection that has not been read. Null when the client does not finish it: it does not trust us,
 * speaks no HTTP/1.1, or takes too long.
 */
export const acceptTls = async (connection: Duplex, leaf: Leaf, timeLimitMs: number): Promise<TLSSocket | null> =>
  await new Promise((resolve) => {
    // It listens to nothing; what it does for one connection, it does for this one.
    const server = createServer({ ...leaf, ALPNProtocols: spokenProtocols, handshakeTimeout: timeLimitMs });
    const fail = (): void => {
      connection.destroy();
      resolve(null);
    };
    // Half of it stays open otherwise, until the time is over.
    for (const event of ['end', 'close']) connection.once(event, fail);
    server.once('tlsClientError', fail);
    server.once('secureConnection', (secure) => {
      for (const event of ['end', 'close']) connection.off(event, fail);
      // What a peer does to its connection is no error of ours.
      secure.on('error', () => secure.destroy());
      resolve(secure);
    });
    server.emit('connection', connection);
  });
