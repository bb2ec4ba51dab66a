import { AuditEventType } from '../../../shared/domain/audit.ts';
import { AgentName, CallId } from '../../../shared/domain/identity.ts';
import type { InputOf } from '../../../shared/contract/contract.ts';
import type { AddressSearch } from '../../lib/address.ts';
import { readList } from '../../lib/address-list.ts';

/** Spans that the list can be narrowed to, in seconds. */
export const spans: Readonly<Record<string, { readonly label: string; readonly seconds: number }>> = {
  hour: { label: 'last hour', seconds: 3600 },
  day: { label: 'last 24 hours', seconds: 86_400 },
  week: { label: 'last 7 days', seconds: 604_800 },
};

/** What the address asks of the log. What cannot be read in it is left out. `now` in milliseconds, rounded so that a page asks the same twice. */
export function auditQuery(search: AddressSearch, now: number): InputOf<'audit.list'> {
  const types = readList(search['type']).flatMap((type) => AuditEventType.safeParse(type).data ?? []);
  const agent = AgentName.safeParse(search['agent']);
  const call = CallId.safeParse(search['call']);
  const span = spans[search['span'] ?? ''];
  const minute = Math.floor(now / 60_000) * 60_000;
  return {
    limit: 200,
    ...(types.length > 0 ? { types } : {}),
    ...(agent.success ? { agent: agent.data } : {}),
    ...(call.success ? { call_id: call.data } : {}),
    ...(search['text'] === undefined ? {} : { text: search['text'].slice(0, 500) }),
    ...(span === undefined ? {} : { from: new Date(minute - span.seconds * 1000).toISOString() }),
  };
}
