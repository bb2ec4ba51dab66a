import { useMemo, type ReactNode } from 'react';
import { ChangeSetId, type ChangeSet } from '../../../shared/domain/change.ts';
import { useAddress } from '../../lib/address.ts';
import { countsLine, isWaiting } from '../../lib/change-words.ts';
import { counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { SetMark } from '../../ui/changes/entry-marks.tsx';
import { Inspector } from '../../ui/inspector.tsx';
import { Page } from '../../ui/page.tsx';
import { Empty, ErrorState, Loading } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { ChangeDetails } from './change-details.tsx';

const views = { all: 'All', open: 'To decide' } as const;

function columns(now: number, narrow: boolean): Column<ChangeSet>[] {
  const all: Column<ChangeSet>[] = [
    { id: 'at', header: 'When', width: '84px', render: (row) => <Time iso={row.created_at} now={now} /> },
    { id: 'agent', header: 'Agent', width: '110px', render: (row) => <Untrusted text={row.agent} /> },
    { id: 'by', header: 'Changed by', width: 'minmax(0,1fr)', render: (row) => <Untrusted text={row.summary} mono /> },
    {
      id: 'files',
      header: 'Files',
      width: 'minmax(0,200px)',
      render: (row) => (
        <span className="text-ink-2 tabular-nums" title={countsLine(row)}>
          {countsLine(row)}
        </span>
      ),
    },
    { id: 'state', header: 'State', width: '96px', render: (row) => <SetMark set={row} /> },
  ];
  return narrow ? all.filter((column) => column.id !== 'files') : all;
}

/** What calls changed: what was applied and can be undone, what is held, what was kept out. */
export function ChangesPage(): ReactNode {
  const [search, change] = useAddress();
  const view = search['state'] === 'open' ? 'open' : 'all';
  const list = useOperation('changes.list', { state: view, limit: 1000 }, { keepPrevious: true });
  const now = useNow(1000);
  const rows = useMemo(() => list.data?.changes ?? [], [list.data]);
  const waiting = rows.filter((set) => set.entries.some(isWaiting)).length;
  const selected = ChangeSetId.safeParse(search['set']);
  const viewButtons = Object.entries(views).map(([key, title]) => (
    <Button
      key={key}
      size="small"
      tone={view === key ? 'plain' : 'quiet'}
      aria-pressed={view === key}
      onClick={() => change({ state: key === 'all' ? null : key, set: null })}
    >
      {title}
    </Button>
  ));
  return (
    <div className="relative flex min-h-0 flex-1">
      <Page
        title="Changes"
        note={list.isSuccess ? counted(waiting, 'waiting', 'waiting') : undefined}
        actions={<div className="flex gap-1">{viewButtons}</div>}
      >
        {list.isPending && <Loading what="changes" />}
        {list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && rows.length === 0 && (
          <Empty title={view === 'open' ? 'Nothing is held.' : 'No call has changed a file yet.'}>
            Agents work on a copy of a workspace. Ordinary files reach the real ones at once and can be undone here; what may run later is
            held until you decide.
          </Empty>
        )}
        {rows.length > 0 && (
          <Table
            label="Change sets"
            rows={rows}
            columns={columns(now, selected.success)}
            rowKey={(row) => row.id}
            selected={selected.success ? selected.data : null}
            onSelect={(key) => change({ set: key })}
          />
        )}
      </Page>
      {selected.success && (
        <Inspector title="Changes" onClose={() => change({ set: null })}>
          <ChangeDetails key={selected.data} id={selected.data} now={now} />
        </Inspector>
      )}
    </div>
  );
}
