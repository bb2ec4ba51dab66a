import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { useChangeDecide } from '../../lib/use-change-decide.ts';
import { useDecide } from '../../lib/use-decide.ts';
import { useNow } from '../../lib/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { advance, emptyQueue, finish, resume, step, type ApprovalQueue } from './approval-queue.ts';
import { ChangeCard } from './change-card.tsx';
import { QueueStrip } from './queue-strip.tsx';
import { useShownCard } from './use-shown-card.ts';
import { WindowCard } from './window-card.tsx';

interface PositionProps {
  readonly queue: ApprovalQueue;
  readonly onStep: (by: 1 | -1) => void;
}

function Position({ queue, onStep }: PositionProps): ReactNode {
  const at = queue.shown === null ? 0 : queue.order.indexOf(queue.shown);
  if (queue.order.length < 2) return null;
  return (
    <nav aria-label="Requests" className="no-drag flex items-center text-sm text-ink-2 tabular-nums">
      <Button
        tone="quiet"
        size="small"
        className="px-1"
        aria-label="Previous request"
        title="Previous  ←"
        disabled={at <= 0}
        onClick={() => onStep(-1)}
        icon={<ChevronLeft size={14} aria-hidden="true" />}
      />
      <span>
        {at + 1} of {queue.order.length}
      </span>
      <Button
        tone="quiet"
        size="small"
        className="px-1"
        aria-label="Next request"
        title="Next  →"
        disabled={at >= queue.order.length - 1}
        onClick={() => onStep(1)}
        icon={<ChevronRight size={14} aria-hidden="true" />}
      />
    </nav>
  );
}

/** Runs when the window comes back into view. */
function useReappearance(onReappear: () => void): void {
  useEffect(() => {
    const listen = (): void => {
      if (document.visibilityState === 'visible') onReappear();
    };
    document.addEventListener('visibilitychange', listen);
    return () => document.removeEventListener('visibilitychange', listen);
  }, [onReappear]);
}

function useHide(): () => void {
  const { mutate } = useCommand('shell.hide_approval');
  return useCallback(() => mutate({}), [mutate]);
}

/** The approval window: one card at a time, whatever else arrives. */
export function ApprovalWindow(): ReactNode {
  const open = useOperation('approvals.list', { state: 'open', limit: 200 }, { refetchInterval: 15_000 });
  const heldSets = useOperation('changes.list', { state: 'open', limit: 200 });
  const status = useOperation('status.get', {});
  const now = useNow(250);
  const hide = useHide();
  const approvals = useMemo<readonly Approval[]>(() => open.data?.approvals ?? [], [open.data]);
  const changes = useMemo<readonly ChangeSet[]>(() => heldSets.data?.changes ?? [], [heldSets.data]);
  const [held, setQueue] = useState<ApprovalQueue>(emptyQueue);
  // A list that cannot be read does not keep the other from being decided on.
  const isReady = !open.isPending && !heldSets.isPending;
  const queue = isReady ? advance(held, approvals, now, changes) : held;
  if (queue !== held) setQueue(queue);

  const leave = useCallback(
    (id: string) => {
      const next = finish(queue, id);
      setQueue(next);
      if (next.shown === null) hide();
    },
    [queue, hide],
  );
  const onDecided = useCallback(({ id }: { readonly id: string }) => leave(id), [leave]);
  const decide = useDecide(onDecided);
  const decideChanges = useChangeDecide(onDecided);
  useReappearance(useCallback(() => setQueue((current) => resume(current, approvals, changes)), [approvals, changes]));
  const onStep = useCallback((by: 1 | -1) => setQueue((current) => step(current, by)), []);
  const card = useShownCard(queue.shown, approvals, changes);

  if (card === null) {
    const failed = [open, heldSets].find((list) => list.isError);
    return (
      <main>
        {failed === undefined ? (
          <h1 className="px-4 py-10 text-center text-ink-2">{isReady ? 'Nothing is waiting.' : 'Reading requests'}</h1>
        ) : (
          <ErrorState error={failed.error} retry={() => void failed.refetch()} />
        )}
      </main>
    );
  }
  const shared = {
    now,
    position: <Position queue={queue} onStep={onStep} />,
    onStep,
    onLater: hide,
    children: (
      <QueueStrip
        behind={queue.order.filter((id) => id !== queue.shown)}
        approvals={approvals}
        changes={changes}
        now={now}
        onShow={(id) => setQueue((current) => ({ ...current, shown: id }))}
      />
    ),
  };
  if (card.kind === 'changes')
    return <ChangeCard key={card.set.id} set={card.set} decide={decideChanges} onDismiss={() => leave(card.set.id)} {...shared} />;
  return <WindowCard approval={card.approval} status={status.data} decide={decide} onDismiss={() => leave(card.approval.id)} {...shared} />;
}
