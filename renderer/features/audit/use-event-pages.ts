import { useInfiniteQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';
import type { AuditEvent } from '../../../shared/domain/audit.ts';
import type { InputOf, OutputOf } from '../../../shared/contract/contract.ts';
import { useBridge } from '../../lib/bridge-context.ts';
import { invoke } from '../../lib/operations.ts';

const pageSize = 200;

/** The log, newest first, a page at a time. */
export function useEventPages(query: InputOf<'audit.list'>): UseInfiniteQueryResult<InfiniteData<OutputOf<'audit.list'>, number | null>> {
  const { bridge } = useBridge();
  return useInfiniteQuery({
    queryKey: ['audit', 'audit.list', query],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) =>
      invoke(bridge, 'audit.list', { ...query, limit: pageSize, ...(pageParam === null ? {} : { before_seq: pageParam }) }),
    getNextPageParam: (last) => (last.events.length < pageSize ? null : oldest(last.events)),
  });
}

function oldest(events: readonly AuditEvent[]): number | null {
  const last = events.at(-1);
  return last === undefined || last.seq <= 1 ? null : last.seq;
}
