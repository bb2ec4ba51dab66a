import { lstatSync, type Stats } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { contract, Topic, WireError, type InputOf, type OperationName, type OutputOf } from '../../shared/contract/contract.ts';
import { AppError, errorCodes, type ErrorCode } from '../../shared/errors.ts';

/** The running host, as its operator socket answers. */
export interface Host {
  /** Errors: `unavailable` when none runs; what the host answered; `internal` for an answer outside the contract. */
  invoke<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>;
  /** Whether a host answers on the socket. */
  isRunning(): Promise<boolean>;
  /** Calls back for every topic that changed, and once when it is connected (`null`). Ends when `signal` aborts. Errors: `unavailable` when the host goes. */
  watch(onChanged: (topic: Topic | null) => Promise<void>, signal: AbortSignal): Promise<void>;
}

const Answer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown() }),
  z.strictObject({ ok: z.literal(false), error: WireError }),
]);

const connectLimitMs = 5000;

/** A client of the operator socket at `path`. */
export function createHost(path: string): Host {
  const open = (method: 'GET' | 'POST', at: string, body: string | undefined, signal?: AbortSignal): Promise<IncomingMessage> => {
    checkSocket(path);
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const options = {
        socketPath: path,
        method,
        path: at,
        agent: false,
        headers: { Host: 'localhost', ...headers },
        ...(signal === undefined ? {} : { signal }),
      };
      const req = request(options, resolve);
      const limit = setTimeout(() => req.destroy(new Error('no answer')), connectLimitMs);
      req.once('socket', (socket) => socket.once('connect', () => clearTimeout(limit)));
      req.once('error', (cause) => {
        clearTimeout(limit);
        reject(notRunning(cause));
      });
      req.end(body);
    });
  };

  return {
    async invoke(name, input) {
      const answer = Answer.safeParse(await readJson(await open('POST', '/api/invoke', JSON.stringify({ name, input }))));
      if (!answer.success)
        throw new AppError('internal', 'The host answered with something that is not an answer. Are host and command of one version?');
      if (!answer.data.ok) throw new AppError(codeOf(answer.data.error.code), answer.data.error.message);
      const output = contract[name].output.safeParse(answer.data.value);
      if (!output.success)
        throw new AppError('internal', `The host's answer to ${name} is not what was agreed. Are host and command of one version?`);
      return output.data as OutputOf<typeof name>;
    },
    async isRunning() {
      try {
        (await open('GET', '/', undefined)).destroy();
        return true;
      } catch (error) {
        if (error instanceof AppError && error.code === 'unavailable') return false;
        throw error;
      }
    },
    async watch(onChanged, signal) {
      try {
        const stream = await open('GET', '/api/changes', undefined, signal);
        await onChanged(null);
        for await (const topic of topicsOf(stream)) await onChanged(topic);
      } catch (error) {
        if (signal.aborted) return;
        throw error instanceof AppError ? error : notRunning(error);
      }
      if (!signal.aborted) throw new AppError('unavailable', 'The host stopped.');
    },
  };
}

function notRunning(cause: unknown): AppError {
  return new AppError('unavailable', 'not running: start it with "gatehouse serve", or open the Gatehouse window.', { cause });
}

/** SECURITY: what is decided here must not be told to a socket that somebody else put there. */
function checkSocket(path: string): void {
  const found = look(path);
  if (found === undefined) throw notRunning(undefined);
  if (!found.isSocket() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new AppError('forbidden', `${path} is not a private socket of this user, so nothing was sent to it.`);
  }
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new AppError('forbidden', `${path} cannot be reached as this user. Use the account that Gatehouse runs under.`, { cause });
  }
}

async function readJson(res: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of res.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* topicsOf(stream: IncomingMessage): AsyncGenerator<Topic> {
  let pending = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const events = (pending + chunk).split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) {
      const topic = Topic.safeParse(/^event: changed\ndata: "([a-z]+)"$/.exec(event)?.[1]);
      if (topic.success) yield topic.data;
    }
  }
}

function codeOf(code: string): ErrorCode {
  return errorCodes.find((known) => known === code) ?? 'internal';
}
