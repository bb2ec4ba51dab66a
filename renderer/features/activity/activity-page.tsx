import { useMemo, type ReactNode } from 'react';
import { AgentName, CallId } from '../../../shared/domain/identity.ts';
import { useAddress } from '../../lib/address.ts';
import { counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { Filters, type FilterChoice } from '../../ui/filters.tsx';
import { Inspector } from '../../ui/inspector.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, ErrorState, Loading } from '../../ui/states.tsx';
import { Table } from '../../ui/table.tsx';
import { CallDetails } from './call-details.tsx';
import { callColumns } from './call-columns.tsx';
import { JobsPanel } from './jobs-panel.tsx';
import { distinct, matches, outcomeNames, verdictNames } from './call-filters.ts';

const filterKeys = ['agent', 'tool', 'verdict', 'outcome'] as const;

/** Every call of every agent, newest first, as it happens. */
export function ActivityPage(): ReactNode {
  const [search, change] = useAddress();
  const agent = AgentName.safeParse(search['agent']);
  const list = useOperation('calls.list', { limit: 1000, ...(agent.success ? { agent: agent.data } : {}) }, { keepPrevious: true });
  const now = useNow(1000);
  const calls = useMemo(() => list.data?.calls ?? [], [list.data]);
  const rows = useMemo(() => calls.filter((call) => matches(call, search)), [calls, search]);
  const selected = CallId.safeParse(search['call']);

  const options = (key: string, names: Readonly<Record<string, string>>): FilterChoice['options'] =>
    Object.entries(names).map(([value, label]) => ({ value, label, onChoose: () => change({ [key]: value }) }));
  const named = (names: readonly string[]): Record<string, string> => Object.fromEntries(distinct(names).map((name) => [name, name]));
  const choices: FilterChoice[] = [
    { name: 'Agent', options: options('agent', named(calls.map((call) => call.agent))) },
    { name: 'Tool', options: options('tool', named(calls.map((call) => call.tool))) },
    { name: 'Verdict', options: options('verdict', verdictNames) },
    { name: 'Outcome', options: options('outcome', outcomeNames) },
  ];
  const tokens = filterKeys.flatMap((key) => {
    const value = search[key];
    return value === undefined ? [] : [{ key, name: key, value: value.replace('_', ' '), onRemove: () => change({ [key]: null }) }];
  });

  return (
    <div className="relative flex min-h-0 flex-1">
      <Page title="Activity" note={list.isSuccess ? counted(rows.length, 'call') : undefined}>
        <Filters tokens={tokens} choices={choices} text={search['text'] ?? ''} onText={(text) => change({ text }, { replace: true })} />
        <JobsPanel now={now} />
        {list.isPending && <Loading what="calls" />}
        {list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && rows.length === 0 && calls.length === 0 && (
          <Empty title="No agent has called yet.">
            Connect one under Agents, or use Try it on Home to send a harmless call through the gateway.
          </Empty>
        )}
        {list.isSuccess && rows.length === 0 && calls.length > 0 && <Empty title="No call matches.">Remove a filter to see more.</Empty>}
        {rows.length > 0 && (
          <Table
            label="Calls"
            rows={rows}
            columns={callColumns(now, selected.success)}
            rowKey={(row) => row.id}
            selected={selected.success ? selected.data : null}
            onSelect={(key) => change({ call: key })}
          />
        )}
      </Page>
      {selected.success && (
        <Inspector title="Call" onClose={() => change({ call: null })}>
          <CallDetails key={selected.data} id={selected.data} now={now} />
        </Inspector>
      )}
    </div>
  );
}
