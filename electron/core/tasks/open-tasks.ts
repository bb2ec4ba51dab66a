import type { TaskId, TokenId } from '../../../shared/domain/identity.ts';
import { randomId } from '../identity/random-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store, StoredTask } from '../ports/store.ts';

/** A task without calls and jobs for this long is closed, and the token's next call opens another. Milliseconds. */
const idleMs = 30 * 60_000;

/** One open task per token. It comes from our own records, never from an MCP session or anything else that the agent sends. */
export interface OpenTasks {
  /** The token's open task as of now, to be committed with the call's first event. */
  forCall(token: TokenId): Promise<StoredTask>;
  /** Takes the timers away; what is open stays open in the store. */
  stop(): void;
}

export interface OpenTasksDeps {
  readonly store: Pick<Store, 'openTask' | 'commit'>;
  readonly clock: Clock;
  /** Until when something of the task has run, in milliseconds since 1970: now, while a call or a job of it does; null: nothing has. */
  readonly busyUntil: (task: TaskId) => number | null;
  /** Told once a task has ended: no call can be in it any more. */
  readonly onClosed: (task: TaskId) => void;
  /** Told of a closing that could not be written: the task counts as closed all the same, and the next start finds it idle. */
  readonly onError: (error: unknown) => void;
}

export function createOpenTasks({ store, clock, busyUntil, onClosed, onError }: OpenTasksDeps): OpenTasks {
  const open = new Map<TokenId, StoredTask>();
  const timers = new Map<TokenId, () => void>();

  /** Milliseconds until it has been idle for long enough; 0 or less: it has. An agent that left a job running comes back for it. */
  const leftOf = (task: StoredTask): number => Math.max(Date.parse(task.last_call_at), busyUntil(task.id) ?? 0) + idleMs - clock.now();

  const close = (task: StoredTask): void => {
    const closed: StoredTask = { ...task, closed_at: new Date(clock.now()).toISOString() };
    store.commit({ events: [], changes: [{ kind: 'task.put', task: closed }] }).catch(onError);
    onClosed(task.id);
  };

  const watch = (token: TokenId, ms: number): void => {
    timers.get(token)?.();
    timers.set(
      token,
      clock.after(ms, () => {
        timers.delete(token);
        const task = open.get(token);
        if (task === undefined) return;
        const left = leftOf(task);
        if (left > 0) {
          watch(token, left);
          return;
        }
        open.delete(token);
        close(task);
      }),
    );
  };

  return {
    async forCall(token) {
      const last = open.get(token) ?? (await store.openTask(token));
      // Another call of the same token may have opened one while the store was read.
      const known = open.get(token) ?? last;
      const now = new Date(clock.now()).toISOString();
      const isFresh = known !== null && known.closed_at === null && leftOf(known) > 0;
      const task: StoredTask = isFresh
        ? { ...known, last_call_at: now }
        : { id: randomId('task', 16) as TaskId, token_id: token, opened_at: now, last_call_at: now, closed_at: null };
      open.set(token, task);
      if (!timers.has(token)) watch(token, idleMs);
      // One that slept through its time, as the machine may have.
      if (!isFresh && known !== null && known.closed_at === null) close(known);
      return task;
    },
    stop() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
