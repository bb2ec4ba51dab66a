import type { CallRecord } from '../../../shared/domain/call.ts';
import { duration } from '../../lib/format.ts';
import { CallLine } from '../../ui/call-line.tsx';
import { RiskBar } from '../../ui/risk-bar.tsx';
import type { Column } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { CallMark, VerdictMark } from '../../ui/verdict-mark.tsx';

/** How long a call ran, or has been running; empty when it never did. */
export function ranFor(call: CallRecord, now: number): string {
  if (call.started_at === null) return '';
  const end = call.finished_at === null ? now : Date.parse(call.finished_at);
  return duration(end - Date.parse(call.started_at));
}

/** `narrow`: beside an inspector, which repeats what is left out. */
export function callColumns(now: number, narrow: boolean): Column<CallRecord>[] {
  const all: Column<CallRecord>[] = [
    { id: 'at', header: 'Received', width: '84px', render: (row) => <Time iso={row.received_at} now={now} /> },
    { id: 'agent', header: 'Agent', width: '110px', render: (row) => <Untrusted text={row.agent} /> },
    { id: 'call', header: 'Call', width: 'minmax(0,1fr)', render: (row) => <CallLine tool={row.tool} args={row.arguments} /> },
    { id: 'risk', header: 'Risk', width: '36px', render: (row) => <RiskBar risk={row.risk} compact /> },
    {
      id: 'verdict',
      header: 'Verdict',
      width: '68px',
      render: (row) =>
        row.verdict === null ? '' : <VerdictMark effect={row.verdict.effect} title={`${row.verdict.rule}: ${row.verdict.reason}`} />,
    },
    {
      id: 'rule',
      header: 'Rule',
      width: 'minmax(0,150px)',
      render: (row) => (row.verdict === null ? '' : <Untrusted text={row.verdict.rule} mono className="text-sm text-ink-2" />),
    },
    { id: 'outcome', header: 'Outcome', width: '124px', render: (row) => <CallMark state={row.state} outcome={row.outcome} /> },
    { id: 'took', header: 'Took', width: '72px', align: 'right', render: (row) => ranFor(row, now) },
  ];
  return narrow ? all.filter((column) => column.id !== 'rule' && column.id !== 'risk') : all;
}
