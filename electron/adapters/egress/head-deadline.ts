import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Cuts connections whose next request's head does not come in time, and those without a request. For servers that never listen: Node applies its own
 * limits to heads only once a server does.
 * @returns what to call with each connection, before the server gets it
 */
export const enforceHeadDeadline = (
  server: Server,
  limitMs: number,
  onLate: (connection: Duplex) => void,
): ((connection: Duplex) => void) => {
  const waits = new WeakMap<Duplex, { begin(): void; end(): void }>();
  server.on('request', (request, response) => {
    const wait = waits.get(request.socket);
    wait?.end();
    response.once('close', () => wait?.begin());
  });
  return (connection) => {
    let answering = 0;
    let timer: NodeJS.Timeout | null = null;
    const clear = (): void => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    };
    const set = (): void => {
      clear();
      if (!connection.destroyed) timer = setTimeout(() => onLate(connection), limitMs);
    };
    waits.set(connection, {
      end() {
        answering += 1;
        clear();
      },
      begin() {
        answering -= 1;
        if (answering === 0) set();
      },
    });
    connection.once('close', clear);
    set();
  };
};
