import { QueryClient } from '@tanstack/react-query';
import type { Bridge } from '../../shared/contract/bridge.ts';
import { topics, type Topic } from '../../shared/contract/contract.ts';
import { staleAfter } from './operations.ts';

/** Milliseconds in which changes of one topic are answered by one fetch. */
const coalesceMs = 120;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The gateway is on this machine: being offline is no reason to wait, and a refusal does not get better by asking again.
      queries: { networkMode: 'always', retry: false, staleTime: 2000, refetchOnWindowFocus: true },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

/** Refetches what a pushed topic made stale. Returns a function that stops it. */
export function followChanges(bridge: Bridge, client: QueryClient): () => void {
  const due = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = (): void => {
    timer = null;
    for (const key of due) void client.invalidateQueries({ queryKey: [key] });
    due.clear();
  };
  const stop = bridge.onChanged((topic: Topic) => {
    if (!topics.includes(topic)) return;
    for (const key of staleAfter(topic)) due.add(key);
    timer ??= setTimeout(flush, coalesceMs);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}
