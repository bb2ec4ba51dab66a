import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { useDecide } from '../../lib/use-decide.ts';
import { useNow } from '../../lib/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { advance, emptyQueue, finish, resume, step, type ApprovalQueue } from './approval-queue.ts';
import { QueueStrip } from './queue-strip.tsx';
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
  const status = useOperation('status.get', {});
  const now = useNow(250);
  const hide = useHide();
  const approvals = useMemo<readonly Approval[]>(() => open.data?.approvals ?? [], [open.data]);
  const [held, setQueue] = useState<ApprovalQueue>(emptyQueue);
  const queue = open.data === undefined ? held : advance(held, approvals, now);
  if (queue !== held) setQueue(queue);

  const leave = useCallback(
    (id: string) => {
      const next = finish(queue, id);
      setQueue(next);
      if (next.shown === null) hide();
    },
    [queue, hide],
  );
  const onDecided = useCallback((approval: Approval) => leave(approval.id), [leave]);
  const decide = useDecide(onDecided);
  useReappearance(useCallback(() => setQueue((current) => resume(current, approvals)), [approvals]));
  const onStep = useCallback((by: 1 | -1) => setQueue((current) => step(current, by)), []);

  // The list no longer holds a request that ended; its own answer says how.
  const shownId = queue.shown;
  const listed = approvals.find((approval) => approval.id === shownId);
  const single = useOperation('approvals.get', { id: shownId ?? '' }, { enabled: shownId !== null && listed === undefined });
  const [seen, setSeen] = useState<Approval | null>(null);
  const latest = listed ?? (single.data?.id === shownId ? single.data : undefined);
  if (latest !== undefined && latest !== seen) setSeen(latest);
  const approval = latest ?? (seen?.id === shownId ? seen : null);

  if (approval === null) {
    return (
      <main>
        {open.isError ? (
          <ErrorState error={open.error} retry={() => void open.refetch()} />
        ) : (
          <h1 className="px-4 py-10 text-center text-ink-2">{open.isPending ? 'Reading requests' : 'Nothing is waiting.'}</h1>
        )}
      </main>
    );
  }
  const behind = queue.order.filter((id) => id !== approval.id).flatMap((id) => approvals.find((other) => other.id === id) ?? []);
  return (
    <WindowCard
      approval={approval}
      now={now}
      status={status.data}
      decide={decide}
      position={<Position queue={queue} onStep={onStep} />}
      onStep={onStep}
      onLater={hide}
      onDismiss={() => leave(approval.id)}
    >
      <QueueStrip waiting={behind} now={now} onShow={(id) => setQueue((current) => ({ ...current, shown: id }))} />
    </WindowCard>
  );
}
