import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A place on this machine. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface UnguardedProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A proxy that does whatever it is asked, follows where it is sent and looks at nothing: what the same bytes get to where nobody checks them.
 * `lead` says where a name or an address lies on this machine.
 */
export const openUnguardedProxy = async (lead: (asked: Place) => Place): Promise<UnguardedProxy> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = '';
    const read = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      const [method = '', target = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
      if (method === 'CONNECT') tunnel(socket, lead(placeOf(target)), Buffer.from(head.slice(end + 4), 'latin1'));
      else void fetchPage(target, lead).then((page) => socket.end(page));
    };
    socket.on('data', read);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** `user@[host]:port`; of a name with a NUL, what a program in C makes of it. */
const placeOf = (authority: string): Place => {
  const [, host = '', port = '80'] = /^(?:[^@]*@)?(.*?)(?::(\d+))?$/s.exec(authority) ?? [];
  const [name = ''] = host.replace(/^\[|\]$/g, '').split('\0');
  return { host: name, port: Number(port) };
};

const tunnel = (socket: Socket, place: Place, first: Buffer): void => {
  const far = connect(place, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    far.write(first);
    far.pipe(socket);
    socket.pipe(far);
  });
  far.on('error', () => socket.destroy());
  socket.once('close', () => far.destroy());
};

const fetchPage = async (target: string, lead: (asked: Place) => Place): Promise<string> => {
  const [, scheme = '', authority = '', path = '/'] = /^(\w+):\/\/([^/]*)(\/.*)?$/.exec(target) ?? [];
  if (scheme === 'file') return readFile(path, 'utf8');
  return new Promise((resolve) => {
    const asked = request({ ...lead(placeOf(authority)), path, agent: false }, (response) => {
      const { location } = response.headers;
      if (location !== undefined) {
        response.resume();
        resolve(fetchPage(location, lead));
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve(`HTTP/1.1 ${String(response.statusCode)}\r\n\r\n${text}`));
    });
    asked.once('error', (error) => resolve(`cut: ${error.message}`));
    asked.end();
  });
};
