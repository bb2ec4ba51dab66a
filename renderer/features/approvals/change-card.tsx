import { useCallback, useEffect, useMemo, useRef, type ReactNode } from 'react';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { countsLine } from '../../lib/change-words.ts';
import { useCommand } from '../../lib/operations.ts';
import { useArming } from '../../lib/use-arming.ts';
import type { ChangeDecide } from '../../lib/use-change-decide.ts';
import { useChangeReview } from '../../lib/use-change-review.ts';
import { Button } from '../../ui/button.tsx';
import { ChangeHead } from '../../ui/changes/change-head.tsx';
import { EntryReason, ReviewDifference } from '../../ui/changes/review-difference.tsx';
import { ReviewActions } from '../../ui/changes/review-actions.tsx';
import { ReviewFiles } from '../../ui/changes/review-files.tsx';
import { cx } from '../../ui/cx.ts';
import { Kbd } from '../../ui/kbd.tsx';
import { Notice } from '../../ui/states.tsx';
import { useContentHeight } from './use-content-height.ts';
import { useSettledDismiss } from './use-settled-dismiss.ts';
import { useShift } from './use-shift.ts';
import { useWindowKeys } from './use-window-keys.ts';

export interface ChangeCardProps {
  readonly set: ChangeSet;
  readonly now: number;
  readonly decide: ChangeDecide;
  readonly position: ReactNode;
  readonly onStep: (by: 1 | -1) => void;
  readonly onLater: () => void;
  readonly onDismiss: () => void;
  /** What stands below the buttons. */
  readonly children: ReactNode;
}

/** Pixels by which an arrow key scrolls a difference. */
const lineStep = 54;

/** Scrolls by a step; false when it is at that end already. */
function scrollOn(box: HTMLElement | null, by: 1 | -1): boolean {
  if (box === null) return false;
  const left = by > 0 ? box.scrollHeight - box.clientHeight - box.scrollTop : box.scrollTop;
  if (left <= 1) return false;
  box.scrollBy({ top: by * lineStep });
  return true;
}

/** A held change set as it fills the approval window: the difference scrolls, head, files and buttons stay. */
export function ChangeCard(props: ChangeCardProps): ReactNode {
  const { set, now, decide, onStep, onLater, onDismiss } = props;
  const root = useRef<HTMLElement>(null);
  const actions = useRef<HTMLDivElement>(null);
  const keepOut = useRef<HTMLButtonElement>(null);
  const state = useChangeReview(set);
  const { entries, selected, ticked, blocked, scroller, step, toggle } = state;
  const isOver = entries.length === 0;
  // SECURITY: what waits is part of what was shown: a set of which another part waits now arms anew.
  const shown = `${set.id}:${set.digest}:${entries.map((entry) => `${entry.state}:${entry.path}`).join('\n')}`;
  const shifts = useShift(actions, root, shown);
  const { armed, since } = useArming(`${shown}:${shifts}`);
  const { mutate: resize } = useCommand('shell.resize_approval');
  // With several files the window keeps its height, so that going from one to the next moves nothing.
  const isSteady = entries.length > 1;
  const noScroller = useRef<HTMLDivElement>(null);
  useContentHeight(
    root,
    isSteady ? noScroller : scroller,
    isSteady ? shown : state.content,
    useCallback((height: number) => resize({ height }), [resize]),
  );
  useEffect(() => {
    keepOut.current?.focus({ preventScroll: true });
  }, [shown]);

  const keys = useMemo(
    () => ({
      onDeny: () => {
        if (!isOver && decide.busy === null) decide.drop(set, entries);
      },
      onAllow: () => {
        if (armed && blocked === null && decide.busy === null) decide.accept(set, ticked);
      },
      onLater: isOver ? onDismiss : onLater,
      onTick: () => {
        if (selected !== null) toggle(selected);
      },
      onStep,
      // The arrows lead through every file: down a difference to its end, then to the next.
      onScroll: (by: 1 | -1) => {
        if (!scrollOn(scroller.current, by)) step(by);
        return true;
      },
    }),
    [armed, blocked, decide, entries, isOver, onDismiss, onLater, onStep, scroller, selected, set, step, ticked, toggle],
  );
  useWindowKeys(keys);
  const dismiss = useRef(onDismiss);
  useEffect(() => {
    dismiss.current = onDismiss;
  }, [onDismiss]);
  useSettledDismiss(
    isOver,
    useCallback(() => dismiss.current(), []),
  );

  return (
    <main ref={root} className="flex max-h-screen flex-col overflow-hidden">
      <div data-block className="drag-region shrink-0">
        <ChangeHead set={set} now={now} position={props.position} level={1} />
      </div>
      {!isOver && (
        <div data-block className="shrink-0 border-t border-hairline py-1">
          <ReviewFiles state={state} />
        </div>
      )}
      {selected !== null && (
        <>
          <div data-block className="shrink-0 border-t border-hairline px-4 pt-2.5 pb-1">
            <EntryReason entry={selected} />
          </div>
          <div
            ref={scroller}
            onScroll={state.onScroll}
            tabIndex={0}
            role="region"
            aria-label="The difference"
            className={cx(
              'overflow-y-auto px-4 pt-1 pb-3 focus-visible:-outline-offset-2',
              isSteady ? 'h-[260px] shrink' : 'min-h-[72px] flex-1',
            )}
          >
            <ReviewDifference state={state} />
          </div>
        </>
      )}
      <div ref={actions} data-block className="shrink-0 border-t border-hairline">
        {isOver ? (
          <div className="flex flex-col gap-2 px-4 py-3">
            <Notice tone="neutral">Nothing of it waits any more: {countsLine(set)}.</Notice>
            <div>
              <Button ref={keepOut} onClick={onDismiss}>
                Close <Kbd>L</Kbd>
              </Button>
            </div>
          </div>
        ) : (
          <ReviewActions
            set={set}
            state={state}
            decide={decide}
            armed={armed}
            since={since}
            showKeys
            keepOutRef={keepOut}
            onLater={onLater}
          />
        )}
      </div>
      <div className="shrink-0">{props.children}</div>
    </main>
  );
}
