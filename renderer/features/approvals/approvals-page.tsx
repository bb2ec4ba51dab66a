import { useMemo, type ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import { useAddress } from '../../lib/address.ts';
import { confinementOf } from '../../lib/confinement.ts';
import { counted, countdown } from '../../lib/format.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import { useOperation } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import { useDecide } from '../../lib/use-decide.ts';
import { useNow } from '../../lib/use-now.ts';
import { ApprovalCard } from '../../ui/approval/approval-card.tsx';
import { Button } from '../../ui/button.tsx';
import { CallLine } from '../../ui/call-line.tsx';
import { Fact, Facts, Inspector, Section } from '../../ui/inspector.tsx';
import { Page } from '../../ui/page.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { RiskBar } from '../../ui/risk-bar.tsx';
import { Empty, ErrorState, Loading } from '../../ui/states.tsx';
import { Table, type Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { ApprovalMark } from '../../ui/verdict-mark.tsx';

const views = { open: 'To decide', all: 'All' } as const;

function columns(now: number): Column<Approval>[] {
  return [
    { id: 'agent', header: 'Agent', width: '130px', render: (row) => <Untrusted text={row.agent} /> },
    { id: 'call', header: 'Call', width: 'minmax(0,1fr)', render: (row) => <CallLine tool={row.tool} args={row.arguments} /> },
    { id: 'risk', header: 'Risk', width: '104px', render: (row) => <RiskBar risk={row.risk} /> },
    { id: 'state', header: 'State', width: '120px', render: (row) => <ApprovalMark state={row.state} /> },
    {
      id: 'left',
      header: 'Left',
      width: '64px',
      align: 'right',
      render: (row) => {
        const standing = standingOf(row, now);
        return standing.kind === 'over' ? '' : countdown(standing.leftMs);
      },
    },
    { id: 'asked', header: 'Asked', width: '84px', align: 'right', render: (row) => <Time iso={row.created_at} now={now} /> },
  ];
}

function Details({ approval, now }: { readonly approval: Approval; readonly now: number }): ReactNode {
  const decide = useDecide();
  const status = useOperation('status.get', {});
  const standing = standingOf(approval, now);
  const { armed, since } = useArming(`${approval.id}:${approval.digest}:${standing.kind}`);
  return (
    <>
      <div className="p-3">
        <ApprovalCard
          approval={approval}
          now={now}
          confinement={confinementOf(approval.tool, status.data)}
          decide={decide}
          armed={armed}
          since={since}
        />
      </div>
      <Section title="Request">
        <Facts>
          <Fact name="Rule">
            <PageLink to="/policy">
              <Untrusted text={approval.rule} mono />
            </PageLink>
          </Fact>
          <Fact name="Policy">
            <span className="machine">{approval.policy_version}</span>
          </Fact>
          <Fact name="Call">
            <PageLink to={`/activity?call=${approval.call_id}`}>
              <span className="machine">{approval.call_id}</span>
            </PageLink>
          </Fact>
          <Fact name="Digest">
            <span className="machine text-sm">{approval.digest}</span>
          </Fact>
          <Fact name="Events">
            <PageLink to={`/audit?call=${approval.call_id}`}>In the audit log</PageLink>
          </Fact>
        </Facts>
      </Section>
    </>
  );
}

/** Every request: what waits, what can be allowed for its next try, and how the rest ended. */
export function ApprovalsPage(): ReactNode {
  const [search, change] = useAddress();
  const view = search['state'] === 'all' ? 'all' : 'open';
  const list = useOperation('approvals.list', { state: view, limit: 1000 }, { keepPrevious: true });
  const now = useNow(1000);
  const rows = useMemo(() => list.data?.approvals ?? [], [list.data]);
  const waiting = rows.filter((row) => row.state === 'pending').length;
  const selected = rows.find((row) => row.id === search['request']) ?? null;
  const viewButtons = Object.entries(views).map(([key, title]) => (
    <Button
      key={key}
      size="small"
      tone={view === key ? 'plain' : 'quiet'}
      aria-pressed={view === key}
      onClick={() => change({ state: key === 'open' ? null : key, request: null })}
    >
      {title}
    </Button>
  ));
  return (
    <div className="relative flex min-h-0 flex-1">
      <Page
        title="Approvals"
        note={list.isSuccess ? counted(waiting, 'waiting', 'waiting') : undefined}
        actions={<div className="flex gap-1">{viewButtons}</div>}
      >
        {list.isPending && <Loading what="requests" />}
        {list.isError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
        {list.isSuccess && rows.length === 0 && (
          <Empty title="Nothing is waiting.">
            A request appears here, and in a small window of its own, when a rule of your policy says ask.
          </Empty>
        )}
        {rows.length > 0 && (
          <Table
            label="Requests"
            rows={rows}
            columns={columns(now)}
            rowKey={(row) => row.id}
            selected={selected?.id ?? null}
            onSelect={(key) => change({ request: key })}
          />
        )}
      </Page>
      {selected !== null && (
        <Inspector title="Request" onClose={() => change({ request: null })}>
          <Details key={selected.id} approval={selected} now={now} />
        </Inspector>
      )}
    </div>
  );
}
