import type { ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import type { DecideActions } from '../../lib/use-decide.ts';
import { useReadToEnd } from '../../lib/use-read-to-end.ts';
import { CountdownLine } from '../countdown.tsx';
import { cx } from '../cx.ts';
import { ApprovalActions } from './approval-actions.tsx';
import { ApprovalFacts, ApprovalUnusual, ApprovalWhy } from './approval-facts.tsx';
import { ApprovalHead } from './approval-head.tsx';
import { CallView } from './call-view.tsx';

export interface ApprovalCardProps {
  readonly approval: Approval;
  readonly now: number;
  readonly confinement: string | null;
  readonly decide: DecideActions;
  readonly armed: boolean;
  readonly since: string;
}

/** A request as it can be decided in place, in a list or an inspector of the main window. */
export function ApprovalCard({ approval, now, confinement, decide, armed, since }: ApprovalCardProps): ReactNode {
  const standing = standingOf(approval, now);
  const { scroller, onScroll, wasReadable, overflows } = useReadToEnd(approval.id);
  return (
    <article
      aria-label={`Request of ${approval.agent}`}
      className={cx(
        'overflow-hidden rounded-md bg-surface shadow-[inset_0_0_0_1px_var(--color-hairline)]',
        approval.risk === 'critical' && 'border-l-[3px] border-deny-strong',
      )}
    >
      <ApprovalHead approval={approval} standing={standing} confinement={confinement} level={3} />
      {standing.kind === 'over' ? (
        <div className="h-px bg-hairline" />
      ) : (
        <CountdownLine leftMs={standing.leftMs} totalMs={standing.totalMs} />
      )}
      <div
        ref={scroller}
        onScroll={onScroll}
        tabIndex={0}
        role="group"
        aria-label="The exact call"
        className="max-h-[360px] overflow-y-auto px-4 py-3 focus-visible:-outline-offset-2"
      >
        <div className="flex flex-col gap-2">
          <CallView arguments={approval.arguments} preview={approval.preview} />
          <ApprovalFacts approval={approval} />
        </div>
      </div>
      <div className="flex flex-col gap-2 border-t border-hairline px-4 pt-2.5">
        <ApprovalUnusual approval={approval} />
        <ApprovalWhy approval={approval} />
      </div>
      <ApprovalActions
        approval={approval}
        standing={standing}
        decide={decide}
        armed={armed}
        since={since}
        wasReadable={wasReadable}
        isLong={overflows}
        showKeys={false}
      />
    </article>
  );
}
