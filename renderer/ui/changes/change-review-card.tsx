import type { ReactNode } from 'react';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { useArming } from '../../lib/use-arming.ts';
import { useChangeDecide } from '../../lib/use-change-decide.ts';
import { useChangeReview } from '../../lib/use-change-review.ts';
import { EntryReason, ReviewDifference } from './review-difference.tsx';
import { ReviewActions } from './review-actions.tsx';
import { ReviewFiles } from './review-files.tsx';

/** What waits in a set, decidable in place, in an inspector of the main window. */
export function ChangeReviewCard({ set }: { readonly set: ChangeSet }): ReactNode {
  const state = useChangeReview(set);
  const decide = useChangeDecide();
  const { entries, selected, scroller } = state;
  // SECURITY: whatever changes in what waits moves the buttons, so they arm anew.
  const { armed, since } = useArming(`${set.id}:${set.digest}:${entries.map((entry) => `${entry.state}:${entry.path}`).join('\n')}`);
  if (selected === null) return null;
  return (
    <article
      aria-label={`Held changes of ${set.agent}`}
      className="overflow-hidden rounded-md bg-surface shadow-[inset_0_0_0_1px_var(--color-hairline)]"
    >
      <div className="py-1">
        <ReviewFiles state={state} />
      </div>
      <div className="border-t border-hairline px-4 pt-2.5 pb-1">
        <EntryReason entry={selected} />
      </div>
      <div
        ref={scroller}
        onScroll={state.onScroll}
        tabIndex={0}
        role="group"
        aria-label="The difference"
        className={`overflow-y-auto px-4 pt-1 pb-3 focus-visible:-outline-offset-2 ${entries.length > 1 ? 'h-[272px]' : 'max-h-80'}`}
      >
        <ReviewDifference state={state} />
      </div>
      <div className="border-t border-hairline">
        <ReviewActions set={set} state={state} decide={decide} armed={armed} since={since} showKeys={false} />
      </div>
    </article>
  );
}
