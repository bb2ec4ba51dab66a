import { useMemo, type ReactNode } from 'react';
import { auditEventTypes, type AuditEvent } from '../../../shared/domain/audit.ts';
import { useAddress } from '../../lib/address.ts';
import { addToList, readList, removeFromList } from '../../lib/address-list.ts';
import { useOperation } from '../../lib/operations.ts';
import { count, counted } from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { Filters, type FilterChoice, type FilterToken } from '../../ui/filters.tsx';
import { Inspector } from '../../ui/inspector.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, ErrorState, Loading } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { auditQuery, spans } from './audit-filters.ts';
import { EventDetails } from './event-details.tsx';
import { useEventPages } from './use-event-pages.ts';
import { useVerification } from './verify-chain.tsx';

const dataShown = 300;

function columns(now: number): Column<AuditEvent>[] {
  return [
    { id: 'seq', header: 'Row', width: '56px', align: 'right', render: (row) => <span className="text-ink-3">{row.seq}</span> },
    { id: 'time', header: 'Time', width: '84px', render: (row) => <Time iso={row.time} now={now} /> },
    { id: 'type', header: 'Event', width: '176px', render: (row) => <span className="machine text-sm">{row.type}</span> },
    {
      id: 'agent',
      header: 'Agent',
      width: '110px',
      render: (row) => (row.agent === null ? <span className="text-ink-3">{row.actor}</span> : <Untrusted text={row.agent} />),
    },
    {
      id: 'data',
      header: 'Data',
      width: 'minmax(0,1fr)',
      render: (row) => <Untrusted text={JSON.stringify(row.data).slice(0, dataShown)} mono className="text-sm text-ink-2" />,
    },
    {
      id: 'hash',
      header: 'Hash',
      width: '108px',
      render: (row) => <span className="machine text-sm text-ink-3">{row.hash.slice(0, 12)}</span>,
    },
  ];
}

/** The log: append-only, chained, searchable. */
export function AuditPage(): ReactNode {
  const [search, change] = useAddress();
  const now = useNow(1000);
  const query = auditQuery(search, now);
  const pages = useEventPages(query);
  const tokensList = useOperation('tokens.list', {});
  const status = useOperation('status.get', {});
  const verification = useVerification();
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.events) ?? [], [pages.data]);
  const wanted = Number(search['event']);
  const elsewhere = useOperation(
    'audit.list',
    { after_seq: Math.max(0, wanted - 1), before_seq: wanted + 1, limit: 1 },
    { enabled: Number.isInteger(wanted) && wanted > 0 },
  );
  const selected = rows.find((row) => row.seq === wanted) ?? elsewhere.data?.events.find((row) => row.seq === wanted) ?? null;

  const agents = [...new Set(tokensList.data?.tokens.map((token) => token.agent) ?? [])];
  const choices: FilterChoice[] = [
    {
      name: 'Time',
      options: Object.entries(spans).map(([value, span]) => ({ value, label: span.label, onChoose: () => change({ span: value }) })),
    },
    { name: 'Agent', options: agents.map((agent) => ({ value: agent, label: agent, onChoose: () => change({ agent }) })) },
    {
      name: 'Event',
      options: auditEventTypes.map((type) => ({
        value: type,
        label: type,
        onChoose: () => change({ type: addToList(search['type'], type) }),
      })),
    },
  ];
  const simple = (['agent', 'call', 'span'] as const).flatMap((key): FilterToken[] => {
    const value = search[key];
    return value === undefined
      ? []
      : [{ key, name: key, value: key === 'span' ? (spans[value]?.label ?? value) : value, onRemove: () => change({ [key]: null }) }];
  });
  const types = readList(search['type']).map((type): FilterToken => ({
    key: type,
    name: 'event',
    value: type,
    onRemove: () => change({ type: removeFromList(search['type'], type) }),
  }));
  const total = status.data?.audit.events;
  const filtered = simple.length + types.length > 0 || (search['text'] ?? '') !== '';

  return (
    <div className="relative flex min-h-0 flex-1">
      <Page
        title="Audit"
        note={
          filtered ? `${count(rows.length)}${pages.hasNextPage ? '+' : ''} found` : total === undefined ? undefined : counted(total, 'row')
        }
        actions={verification.button}
      >
        {verification.result}
        <Filters
          tokens={[...simple, ...types]}
          choices={choices}
          text={search['text'] ?? ''}
          onText={(text) => change({ text }, { replace: true })}
        />
        {pages.isPending && <Loading what="the log" />}
        {pages.isError && <ErrorState error={pages.error} retry={() => void pages.refetch()} />}
        {pages.isSuccess && rows.length === 0 && <Empty title="No row matches.">Remove a filter to see more.</Empty>}
        {rows.length > 0 && (
          <Table
            label="Audit events"
            rows={rows}
            columns={columns(now)}
            rowKey={(row) => String(row.seq)}
            selected={selected === null ? null : String(selected.seq)}
            onSelect={(key) => change({ event: key })}
            onNearEnd={() => {
              if (pages.hasNextPage && !pages.isFetching) void pages.fetchNextPage();
            }}
          />
        )}
      </Page>
      {selected !== null && (
        <Inspector title={`Row ${count(selected.seq)}`} onClose={() => change({ event: null })}>
          <EventDetails event={selected} />
        </Inspector>
      )}
    </div>
  );
}
