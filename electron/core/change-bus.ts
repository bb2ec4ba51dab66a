import type { Topic } from '../../shared/contract/contract.ts';

/** Says that something of a topic changed. Listeners fetch again; nothing else travels. */
export interface ChangeBus {
  changed(topic: Topic): void;
  subscribe(listener: (topic: Topic) => void): () => void;
}

export function createChangeBus(): ChangeBus {
  const listeners = new Set<(topic: Topic) => void>();
  return {
    changed(topic) {
      for (const listener of listeners) listener(topic);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
