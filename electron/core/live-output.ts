import type { CallId } from '../../shared/domain/identity.ts';

/** A running call's output as it comes, for whoever watches. What was said before a watcher came is replayed up to a bound. */
export interface LiveOutput {
  append(call: CallId, chunk: string): void;
  end(call: CallId): void;
  watch(call: CallId, onChunk: (chunk: string) => void): () => void;
}

/** Characters of earlier output kept for a late watcher. */
const replayLimit = 65_536;

export function createLiveOutput(): LiveOutput {
  const calls = new Map<CallId, { text: string; watchers: Set<(chunk: string) => void> }>();
  const entryOf = (call: CallId): { text: string; watchers: Set<(chunk: string) => void> } => {
    const entry = calls.get(call) ?? { text: '', watchers: new Set() };
    calls.set(call, entry);
    return entry;
  };
  return {
    append(call, chunk) {
      const entry = entryOf(call);
      entry.text = (entry.text + chunk).slice(-replayLimit);
      for (const watcher of entry.watchers) watcher(chunk);
    },
    end(call) {
      calls.delete(call);
    },
    watch(call, onChunk) {
      // Also of a call that has printed nothing yet: a prompt may be the first that it prints.
      const entry = entryOf(call);
      if (entry.text !== '') onChunk(entry.text);
      entry.watchers.add(onChunk);
      return () => {
        entry.watchers.delete(onChunk);
        if (entry.watchers.size === 0 && entry.text === '' && calls.get(call) === entry) calls.delete(call);
      };
    },
  };
}
