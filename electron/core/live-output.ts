import type { CallId } from '../../shared/domain/identity.ts';

/** A running call's output as it comes, for whoever watches. What was said before a watcher came is replayed up to a bound. */
export interface LiveOutput {
  /** Keeps a call's output until the answer is called: by the call itself, and by the job that it leaves running. The last one lets go. */
  open(call: CallId): () => void;
  append(call: CallId, chunk: string): void;
  watch(call: CallId, onChunk: (chunk: string) => void): () => void;
}

/** Characters of earlier output kept for a late watcher. */
const replayLimit = 65_536;

interface Watched {
  text: string;
  /** Programs that can still print. */
  users: number;
  readonly watchers: Set<(chunk: string) => void>;
}

export function createLiveOutput(): LiveOutput {
  const calls = new Map<CallId, Watched>();
  const entryOf = (call: CallId): Watched => {
    const entry = calls.get(call) ?? { text: '', users: 0, watchers: new Set() };
    calls.set(call, entry);
    return entry;
  };
  /** A watcher that fails is its own trouble: the program that prints, and the others, go on. */
  const tell = (entry: Watched, watcher: (chunk: string) => void, chunk: string): void => {
    try {
      watcher(chunk);
    } catch {
      entry.watchers.delete(watcher);
    }
  };
  return {
    open(call) {
      const entry = entryOf(call);
      entry.users += 1;
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        entry.users -= 1;
        if (entry.users === 0 && calls.get(call) === entry) calls.delete(call);
      };
    },
    append(call, chunk) {
      const entry = entryOf(call);
      entry.text = (entry.text + chunk).slice(-replayLimit);
      for (const watcher of entry.watchers) tell(entry, watcher, chunk);
    },
    watch(call, onChunk) {
      // Also of a call that has printed nothing yet: a prompt may be the first that it prints.
      const entry = entryOf(call);
      entry.watchers.add(onChunk);
      if (entry.text !== '') tell(entry, onChunk, entry.text);
      return () => {
        entry.watchers.delete(onChunk);
        const isIdle = entry.watchers.size === 0 && entry.users === 0 && entry.text === '';
        if (isIdle && calls.get(call) === entry) calls.delete(call);
      };
    },
  };
}
