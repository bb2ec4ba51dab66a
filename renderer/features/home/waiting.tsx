import { useMemo, type ReactNode } from 'react';
import type { GatewayStatus } from '../../../shared/domain/host.ts';
import { confinementOf } from '../../lib/confinement.ts';
import { count, counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import { useDecide } from '../../lib/use-decide.ts';
import { useNow } from '../../lib/use-now.ts';
import { ApprovalCard } from '../../ui/approval/approval-card.tsx';
import { PageSection } from '../../ui/page.tsx';
import { ErrorState } from '../../ui/states.tsx';

function QuietSentence({ status }: { readonly status: GatewayStatus | undefined }): ReactNode {
  if (status === undefined) return null;
  const { agents_connected, calls_today, asked_today } = status.counts;
  return (
    <section className="px-6 pt-1 pb-6" aria-label="Waiting for you">
      <p className="text-title">Nothing is waiting.</p>
      <p className="text-ink-2">
        {counted(agents_connected, 'agent')} connected, {counted(calls_today, 'call')} today, {count(asked_today)} asked.
      </p>
    </section>
  );
}

/** What waits for the operator, decidable in place, oldest first so that nothing new comes up under the pointer. */
export function Waiting({ status }: { readonly status: GatewayStatus | undefined }): ReactNode {
  const list = useOperation('approvals.list', { state: 'pending', limit: 100 });
  const now = useNow(500);
  const decide = useDecide();
  const cards = useMemo(() => [...(list.data?.approvals ?? [])].sort((a, b) => a.created_at.localeCompare(b.created_at)), [list.data]);
  // SECURITY: whatever changes in the list may move a button under the pointer, so all of them arm anew.
  const { armed, since } = useArming(cards.map((card) => `${card.id}:${card.agent_connected}`).join(' '));
  if (list.isError) return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  if (cards.length === 0) return <QuietSentence status={status} />;
  return (
    <PageSection title="Waiting for you" note={count(cards.length)}>
      <div className="flex max-w-[760px] flex-col gap-3">
        {cards.map((card) => (
          <ApprovalCard
            key={card.id}
            approval={card}
            now={now}
            confinement={confinementOf(card.tool, status)}
            decide={decide}
            armed={armed}
            since={since}
          />
        ))}
      </div>
    </PageSection>
  );
}
