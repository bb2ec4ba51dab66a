import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface RawRequest {
  /** A port of 127.0.0.1, or a Unix socket's path. */
  readonly to: number | string;
  readonly method?: string;
  readonly path: string;
  /** Sent as they are; a list sends the header once for each value. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

// A flat list, because Node would refuse to send two Hosts from an object.
const flat = (headers: Readonly<Record<string, string | string[]>>): string[] =>
  Object.entries(headers).flatMap(([name, values]) => [values].flat().flatMap((value) => [name, value]));

const open = ({ to, method, path, headers }: RawRequest): RequestOptions => ({
  ...(typeof to === 'string' ? { socketPath: to } : { host: '127.0.0.1', port: to }),
  method: method ?? 'GET',
  path,
  headers: flat({ Host: 'localhost', ...headers }),
  agent: false,
});

const send = (options: RawRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const req = request(open(options), resolve);
    req.once('error', reject);
    req.end(options.body);
  });

/** Sends exactly what it is told to, and waits for the whole answer. */
export const rawRequest = async (options: RawRequest): Promise<RawAnswer> => {
  const res = await send(options);
  let text = '';
  for await (const chunk of res.setEncoding('utf8')) text += chunk as string;
  return { status: res.statusCode ?? 0, headers: res.headers, text };
};

export interface RawStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All that has come so far. */
  text(): string;
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens an answer that does not end. */
export const rawStream = async (options: RawRequest): Promise<RawStream> => {
  const res = await send(options);
  let text = '';
  res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<void>((resolve) => res.once('close', () => resolve()));
  return { status: res.statusCode ?? 0, headers: res.headers, text: () => text, ended, close: () => res.destroy() };
};
