import { useMemo, type ReactNode } from 'react';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import type { GatewayStatus } from '../../../shared/domain/host.ts';
import { confinementOf } from '../../lib/confinement.ts';
import { count, counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import { heldSentence, waitingOf } from '../../lib/change-words.ts';
import { useDecide } from '../../lib/use-decide.ts';
import { useNow } from '../../lib/use-now.ts';
import { ApprovalCard } from '../../ui/approval/approval-card.tsx';
import { EntryMark } from '../../ui/changes/entry-marks.tsx';
import { PageSection } from '../../ui/page.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

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

/** Held change sets, one line each, under what agents wait for. Each opens its review. */
function HeldChanges({ sets, now }: { readonly sets: readonly ChangeSet[]; readonly now: number }): ReactNode {
  if (sets.length === 0) return null;
  return (
    <ul aria-label="Held changes" className="overflow-hidden rounded-md bg-surface shadow-[inset_0_0_0_1px_var(--color-hairline)]">
      {sets.map((set) => {
        const waiting = waitingOf(set);
        return (
          <li key={set.id} className="border-b border-hairline last:border-b-0">
            <a
              href={`#/changes?set=${set.id}`}
              className="flex h-10 items-center gap-3 px-4 hover:bg-hover focus-visible:-outline-offset-2"
            >
              <span className="min-w-0 flex-1 truncate">
                <Untrusted text={set.agent} className="font-semibold" /> {heldSentence(waiting)}
                <Untrusted text={set.summary} mono className="pl-3 text-ink-3" />
              </span>
              <EntryMark state={waiting.some(({ state }) => state === 'conflict') ? 'conflict' : 'held'} />
              <span className="w-20 text-right text-ink-3">
                <Time iso={set.created_at} now={now} />
              </span>
            </a>
          </li>
        );
      })}
    </ul>
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
  const held = useOperation('changes.list', { state: 'open', limit: 100 });
  const sets = useMemo(() => [...(held.data?.changes ?? [])].sort((a, b) => a.created_at.localeCompare(b.created_at)), [held.data]);
  if (list.isError) return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  if (held.isError) return <ErrorState error={held.error} retry={() => void held.refetch()} />;
  if (cards.length + sets.length === 0) return <QuietSentence status={status} />;
  return (
    <PageSection title="Waiting for you" note={count(cards.length + sets.length)}>
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
        <HeldChanges sets={sets} now={now} />
      </div>
    </PageSection>
  );
}
