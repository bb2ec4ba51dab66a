import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { CallId } from '../../shared/domain/identity.ts';
import { AppError } from '../../shared/errors.ts';
import type { ChangeBus } from '../core/change-bus.ts';
import type { LiveOutput } from '../core/live-output.ts';
import type { Caller } from './caller.ts';
import type { Dispatcher } from './dispatcher.ts';
import { openEventStream } from './event-stream.ts';
import { answerError, answerJson, readJson } from './http-answer.ts';

export interface HttpMountDeps {
  readonly dispatcher: Dispatcher;
  readonly bus: Pick<ChangeBus, 'subscribe'>;
  readonly live: Pick<LiveOutput, 'watch'>;
  /** Fixed here: nothing in a request says who asks. */
  readonly caller: Caller;
}

export interface HttpMount {
  /** Answers one request whose sender has been let in. `signal` ends the streams that it opens. Never rejects. */
  handle(req: IncomingMessage, res: ServerResponse, signal: AbortSignal): Promise<void>;
}

const Invocation = z.strictObject({ name: z.unknown(), input: z.unknown() });
const bodyLimit = 4 * 1024 * 1024;
const streamLimit = 64;

/**
 * The operator plane over HTTP, the same for the Unix socket and the browser console:
 * `POST /api/invoke {name, input}` → a WireResult · `GET /api/changes` → events `changed` with a topic ·
 * `GET /api/stream?name=call.output&key=CALL` → events `chunk` with a text.
 */
export function createHttpMount(deps: HttpMountDeps): HttpMount {
  let streams = 0;

  const invoke = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = Invocation.safeParse(await readJson(req, bodyLimit));
    if (!body.success) throw new AppError('invalid_input', 'Send {"name": …, "input": …} and nothing else.');
    answerJson(res, 200, await deps.dispatcher.dispatch(body.data.name, body.data.input, deps.caller));
  };

  const stream = (
    res: ServerResponse,
    signal: AbortSignal,
    subscribe: (send: (event: string, data: unknown) => void) => () => void,
  ): void => {
    if (streams >= streamLimit) throw new AppError('unavailable', `There are ${streamLimit} open streams already. Close one first.`);
    streams += 1;
    const events = openEventStream(res, signal);
    const unsubscribe = subscribe((event, data) => events.send(event, data));
    events.onClose(() => {
      streams -= 1;
      unsubscribe();
    });
  };

  const route = async (req: IncomingMessage, res: ServerResponse, signal: AbortSignal): Promise<void> => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const wanted = `${req.method ?? ''} ${path}`;
    if (wanted === 'POST /api/invoke' && query === '') return invoke(req, res);
    if (wanted === 'GET /api/changes' && query === '')
      return stream(res, signal, (send) => deps.bus.subscribe((topic) => send('changed', topic)));
    if (wanted === 'GET /api/stream') {
      const call = callToWatch(query);
      return stream(res, signal, (send) => deps.live.watch(call, (chunk) => send('chunk', chunk)));
    }
    throw new AppError('not_found', 'There is nothing here.');
  };

  return {
    async handle(req, res, signal) {
      try {
        await route(req, res, signal);
      } catch (error) {
        if (res.headersSent || res.destroyed) res.destroy();
        else if (error instanceof AppError) answerError(res, statusOf(error), error.code, error.message);
        else answerError(res, 400, 'invalid_input', 'The request could not be read.');
      }
    },
  };
}

function statusOf(error: AppError): number {
  return error.code === 'not_found' ? 404 : error.code === 'unavailable' ? 503 : 400;
}

function callToWatch(query: string): CallId {
  const asked = new URLSearchParams(query);
  const key = CallId.safeParse(asked.get('key'));
  if (asked.size !== 2 || asked.get('name') !== 'call.output' || !key.success) {
    throw new AppError('invalid_input', 'Ask for ?name=call.output&key= and a call’s id.');
  }
  return key.data;
}
