import type { TaskId, TokenId } from '../../../shared/domain/identity.ts';
import { randomId } from '../identity/random-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store, StoredTask } from '../ports/store.ts';

/** A task without calls for this long is closed, and the token's next call opens another. Milliseconds. */
const idleMs = 30 * 60_000;

/** One open task per token. It comes from our own records, never from an MCP session or anything else that the agent sends. */
export interface OpenTasks {
  /** The token's open task as of now, to be committed with the call's first event. */
  forCall(token: TokenId): Promise<StoredTask>;
}

export function createOpenTasks({ store, clock }: { readonly store: Store; readonly clock: Clock }): OpenTasks {
  const open = new Map<TokenId, StoredTask>();
  return {
    async forCall(token) {
      const last = open.get(token) ?? (await store.openTask(token));
      // Another call of the same token may have opened one while the store was read.
      const known = open.get(token) ?? last;
      const now = new Date(clock.now()).toISOString();
      const isFresh = known !== null && clock.now() - Date.parse(known.last_call_at) < idleMs;
      const task: StoredTask = isFresh
        ? { ...known, last_call_at: now }
        : { id: randomId('task', 16) as TaskId, token_id: token, opened_at: now, last_call_at: now, closed_at: null };
      open.set(token, task);
      return task;
    },
  };
}
