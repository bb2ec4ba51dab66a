import { useCallback, useEffect, useMemo, useRef, type ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { GatewayStatus } from '../../../shared/domain/host.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import { confinementOf } from '../../lib/confinement.ts';
import { useCommand } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import type { DecideActions } from '../../lib/use-decide.ts';
import { useReadToEnd } from '../../lib/use-read-to-end.ts';
import { ApprovalActions, blockedReason } from '../../ui/approval/approval-actions.tsx';
import { ApprovalFacts, ApprovalUnusual, ApprovalWhy } from '../../ui/approval/approval-facts.tsx';
import { ApprovalHead } from '../../ui/approval/approval-head.tsx';
import { CallView } from '../../ui/approval/call-view.tsx';
import { CountdownLine } from '../../ui/countdown.tsx';
import { cx } from '../../ui/cx.ts';
import { useContentHeight } from './use-content-height.ts';
import { useSettledDismiss } from './use-settled-dismiss.ts';
import { useShift } from './use-shift.ts';
import { useWindowKeys } from './use-window-keys.ts';

export interface WindowCardProps {
  readonly approval: Approval;
  readonly now: number;
  readonly status: GatewayStatus | undefined;
  readonly decide: DecideActions;
  readonly position: ReactNode;
  readonly onStep: (by: 1 | -1) => void;
  readonly onLater: () => void;
  readonly onDismiss: () => void;
  /** What stands below the buttons. */
  readonly children: ReactNode;
}

/** The card as it fills the approval window: the call scrolls, head and buttons stay. */
export function WindowCard(props: WindowCardProps): ReactNode {
  const { approval, now, decide, onStep, onLater, onDismiss } = props;
  const root = useRef<HTMLElement>(null);
  const actions = useRef<HTMLDivElement>(null);
  const deny = useRef<HTMLButtonElement>(null);
  const longer = useRef<HTMLButtonElement>(null);
  const standing = standingOf(approval, now);
  const shown = `${approval.id}:${approval.digest}:${standing.kind}`;
  const read = useReadToEnd(approval.id);
  const shifts = useShift(actions, root, shown);
  const { armed, since } = useArming(`${shown}:${shifts}`);
  const { mutate: resize } = useCommand('shell.resize_approval');
  useContentHeight(
    root,
    read.scroller,
    shown,
    useCallback((height: number) => resize({ height }), [resize]),
  );

  useEffect(() => {
    deny.current?.focus({ preventScroll: true });
  }, [shown]);

  const { scroller, overflows } = read;
  const blocked = blockedReason(approval, standing, read.wasReadable);
  const keys = useMemo(
    () => ({
      onDeny: () => {
        if (standing.kind === 'pending' && decide.busy === null) decide.deny(approval, '');
      },
      onAllow: () => {
        if (!armed || blocked !== null || decide.busy !== null) return;
        if (standing.kind === 'pending') decide.approve(approval);
        if (standing.kind === 'next-try') decide.pregrant(approval);
      },
      onFor: () => longer.current?.click(),
      onLater: standing.kind === 'pending' ? onLater : onDismiss,
      onStep,
      onScroll: (by: 1 | -1) => {
        if (overflows) scroller.current?.scrollBy({ top: by * 54 });
        return overflows;
      },
    }),
    [approval, armed, blocked, decide, onDismiss, onLater, onStep, overflows, scroller, standing.kind],
  );
  useWindowKeys(keys);
  const dismiss = useRef(onDismiss);
  useEffect(() => {
    dismiss.current = onDismiss;
  }, [onDismiss]);
  useSettledDismiss(
    standing.kind === 'over',
    useCallback(() => dismiss.current(), []),
  );

  return (
    <main
      ref={root}
      className={cx('flex max-h-screen flex-col overflow-hidden', approval.risk === 'critical' && 'border-l-4 border-deny-strong')}
    >
      <div data-block className="drag-region shrink-0">
        <ApprovalHead
          level={1}
          approval={approval}
          standing={standing}
          confinement={confinementOf(approval.tool, props.status)}
          position={props.position}
        />
        {standing.kind === 'over' ? (
          <div className="h-px bg-hairline" />
        ) : (
          <CountdownLine leftMs={standing.leftMs} totalMs={standing.totalMs} />
        )}
      </div>
      <div
        ref={scroller}
        onScroll={read.onScroll}
        tabIndex={0}
        role="region"
        aria-label="The exact call"
        className="min-h-[72px] flex-1 overflow-y-auto px-4 py-3 focus-visible:-outline-offset-2"
      >
        <div className="flex flex-col gap-3">
          <CallView arguments={approval.arguments} preview={approval.preview} prominent />
          <ApprovalFacts approval={approval} />
        </div>
      </div>
      <div data-block className="flex shrink-0 flex-col gap-2 border-t border-hairline px-4 py-2.5">
        <ApprovalUnusual approval={approval} />
        <ApprovalWhy approval={approval} />
      </div>
      <div ref={actions} data-block className="shrink-0 border-t border-hairline">
        <ApprovalActions
          key={approval.id}
          approval={approval}
          standing={standing}
          decide={decide}
          armed={armed}
          since={since}
          wasReadable={read.wasReadable}
          isLong={overflows}
          showKeys
          denyRef={deny}
          forRef={longer}
          onLater={onLater}
          onDismiss={onDismiss}
        />
      </div>
      <div className="shrink-0">{props.children}</div>
    </main>
  );
}
