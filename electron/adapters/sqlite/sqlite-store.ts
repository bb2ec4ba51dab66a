import { Worker } from 'node:worker_threads';
import { AppError } from '../../../shared/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { CommitResult, Store } from '../../core/ports/store.ts';
import type { PermissionRepair } from './private-files.ts';
import type { QueryName, StoreReply, StoreRequest, StoreWorkerData } from './store-messages.ts';

interface Deps {
  /** Absolute. Created with mode 0700 when missing. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** A sentence for the operator on why the log cannot be written; null when it can again. */
  readonly onDegraded: (reason: string | null) => void;
  /** Files and folders that others could reach until this start (F74). */
  readonly onRepaired?: (repairs: readonly PermissionRepair[]) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** The store on SQLite. The database lives in a thread of its own; here are only the questions that wait for its answers. */
export function createSqliteStore(deps: Deps): Store {
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  const ask = (request: (id: number) => StoreRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (worker === null) {
        reject(closed());
        return;
      }
      lastId += 1;
      worker.postMessage(request(lastId));
      waiting.set(lastId, { resolve, reject });
    });
  // The thread answers with what the port's method of that name answers.
  const query = <Name extends QueryName>(name: Name, ...args: Parameters<Store[Name]>): ReturnType<Store[Name]> =>
    ask((id) => ({ kind: 'query', id, name, args })) as ReturnType<Store[Name]>;

  const receive = (reply: StoreReply): void => {
    if (reply.kind === 'degraded') deps.onDegraded(reply.reason);
    if (reply.kind !== 'answer' && reply.kind !== 'failure') return;
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === 'answer') asked?.resolve(reply.value);
    else asked?.reject(new AppError(reply.error.code, reply.error.message));
  };

  const lose = (): void => {
    const wasRunning = worker !== null;
    worker = null;
    for (const asked of waiting.values()) asked.reject(closed());
    waiting.clear();
    // SECURITY: without its thread nothing can be recorded, so nothing may happen.
    if (wasRunning) deps.onDegraded('The log cannot be written: its thread has ended. Start Gatehouse again.');
  };

  return {
    async start() {
      if (worker !== null) throw new AppError('conflict', 'The store has been started already.');
      const opened = await openWorker({ dataDir: deps.dataDir }, receive);
      worker = opened.worker;
      worker.once('exit', lose);
      if (opened.repairs.length > 0) deps.onRepaired?.(opened.repairs);
    },
    async stop() {
      const stopping = worker;
      if (stopping === null) return;
      const exited = new Promise<void>((resolve) => void stopping.once('exit', () => resolve()));
      // New questions are refused from here on; those that were asked are still answered, because messages keep their order.
      worker = null;
      stopping.postMessage({ kind: 'stop' } satisfies StoreRequest);
      await exited;
    },
    async commit(unit) {
      const time = new Date(deps.clock.now()).toISOString();
      return (await ask((id) => ({ kind: 'commit', id, unit, time }))) as CommitResult;
    },
    tokens: () => query('tokens'),
    approvals: (filter) => query('approvals', filter),
    approval: (id) => query('approval', id),
    calls: (filter) => query('calls', filter),
    call: (id) => query('call', id),
    judgedCalls: (page) => query('judgedCalls', page),
    changeSets: (filter) => query('changeSets', filter),
    changeSet: (id) => query('changeSet', id),
    openTask: (token) => query('openTask', token),
    counts: (since) => query('counts', since),
    auditEvents: (filter) => query('auditEvents', filter),
    auditRows: (range) => query('auditRows', range),
    auditHead: () => query('auditHead'),
    verify: () => query('verify'),
  };
}

/** Starts the thread and waits until the database is open. */
function openWorker(
  data: StoreWorkerData,
  receive: (reply: StoreReply) => void,
): Promise<{ worker: Worker; repairs: readonly PermissionRepair[] }> {
  // The sources run as they are under tests, and compiled in the product.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./store.worker.${extension}`, import.meta.url), { workerData: data });
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(
        new AppError(
          'unavailable',
          'The thread that writes the log could not start. Start Gatehouse again; if that does not help, reinstall it.',
          { cause },
        ),
      );
    worker.on('error', fail);
    worker.once('exit', fail);
    worker.on('message', (reply: StoreReply) => {
      receive(reply);
      if (reply.kind === 'refused') reject(new AppError(reply.error.code, reply.error.message));
      if (reply.kind === 'ready') resolve({ worker, repairs: reply.repairs });
    });
  });
}

const closed = (): AppError => new AppError('unavailable', 'The log is closed, so nothing can be recorded. Start Gatehouse again.');
