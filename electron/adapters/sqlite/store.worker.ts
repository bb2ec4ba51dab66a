// The thread that owns the database. SQLite blocks while a disk syncs; here it blocks nobody else.
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { AppError } from '../../../shared/errors.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { reasonOf } from './sqlite-errors.ts';
import type { PlainError, StoreReply, StoreRequest, StoreWorkerData } from './store-messages.ts';

if (parentPort !== null) await serve(parentPort, workerData as StoreWorkerData);

async function serve(port: MessagePort, { dataDir }: StoreWorkerData): Promise<void> {
  const send = (reply: StoreReply): void => port.postMessage(reply);
  try {
    const store = await openStore(dataDir, (reason) => send({ kind: 'degraded', reason }));
    port.on('message', (request: StoreRequest) => void handle(store, request, send, port));
    send({ kind: 'ready', repairs: store.repairs });
  } catch (error) {
    send({ kind: 'refused', error: plain(error) });
  }
}

async function handle(store: OpenStore, request: StoreRequest, send: (reply: StoreReply) => void, port: MessagePort): Promise<void> {
  if (request.kind === 'stop') {
    await store.close();
    send({ kind: 'stopped' });
    port.close();
    return;
  }
  const { id } = request;
  try {
    const value = request.kind === 'commit' ? await commit(store, request) : await query(store, request);
    send({ kind: 'answer', id, value });
  } catch (error) {
    send({ kind: 'failure', id, error: plain(error) });
  }
}

const commit = (store: OpenStore, { unit, time }: Extract<StoreRequest, { kind: 'commit' }>): Promise<unknown> =>
  new Promise((resolve, reject) => store.writer.submit({ unit, time, resolve, reject }));

function query(store: OpenStore, { name, args }: Extract<StoreRequest, { kind: 'query' }>): Promise<unknown> {
  if (name === 'verify') return store.verify();
  const answer = store.queries[name] as (...values: readonly unknown[]) => Promise<unknown>;
  return answer(...args);
}

function plain(error: unknown): PlainError {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'unavailable', message: `The database could not answer: ${reasonOf(error)}. Run "gatehouse doctor".` };
}
