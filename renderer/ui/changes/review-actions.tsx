import type { ReactNode, Ref } from 'react';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { counted } from '../../lib/format.ts';
import type { ChangeDecide } from '../../lib/use-change-decide.ts';
import type { ChangeReview } from '../../lib/use-change-review.ts';
import { AllowButton } from '../approval/allow-button.tsx';
import { Button } from '../button.tsx';
import { Kbd } from '../kbd.tsx';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';

export interface ReviewActionsProps {
  readonly set: ChangeSet;
  readonly state: ChangeReview;
  readonly decide: ChangeDecide;
  readonly armed: boolean;
  readonly since: string;
  /** Keys are shown, and only work, where one card has the window to itself. */
  readonly showKeys: boolean;
  readonly keepOutRef?: Ref<HTMLButtonElement>;
  readonly onLater?: () => void;
}

/** Where the review stands. It always takes one line, so that the buttons keep their place. */
function Progress({ state }: { readonly state: ChangeReview }): ReactNode {
  const { blocked, unseen, entries, ticked, review, allowUnseen } = state;
  const rest = entries.length - ticked.length;
  const words = blocked ?? (rest > 0 ? `${counted(rest, 'file stays', 'files stay')} held.` : 'All of it has been in view.');
  return (
    <div className="flex min-h-5 items-center gap-3 text-sm">
      <p className={blocked === null ? 'flex-1 text-ink-3' : 'flex-1 text-ask'}>
        {review.unseen && unseen.length > 0 ? 'Some of it has not been in view.' : words}
      </p>
      {entries.length > 1 && unseen.length > 0 && (
        <label className="flex items-center gap-1.5 text-ink-2">
          <input
            type="checkbox"
            className="size-3.5 accent-accent"
            checked={review.unseen}
            onChange={(event) => allowUnseen(event.target.checked)}
          />
          Apply unread
        </label>
      )}
    </div>
  );
}

/** The buttons under a review: nothing waits for them, so there is no time to answer. */
export function ReviewActions(props: ReviewActionsProps): ReactNode {
  const { set, state, decide, armed, since, showKeys, keepOutRef, onLater } = props;
  const { entries, ticked, blocked } = state;
  const busy = decide.busy === set.id;
  const failure = decide.failures[set.id];
  const isPartial = ticked.length > 0 && ticked.length < entries.length;
  return (
    <div className="flex flex-col gap-2 px-4 py-3">
      {failure !== undefined && (
        <div role="alert">
          <Notice tone="deny">
            <Untrusted text={failure} />
          </Notice>
        </div>
      )}
      <Progress state={state} />
      <div className="flex items-center gap-2">
        <Button
          ref={keepOutRef}
          disabled={busy}
          onClick={() => decide.drop(set, entries)}
          className="font-semibold focus-visible:outline-2"
        >
          {entries.length === 1 ? 'Keep out' : `Keep out all ${entries.length}`} {showKeys && <Kbd>D</Kbd>}
        </Button>
        <AllowButton
          label={isPartial ? `Apply ${ticked.length} of ${entries.length} to real files` : 'Apply to real files'}
          armed={armed}
          since={since}
          blocked={blocked}
          busy={busy}
          critical={false}
          showKey={showKeys}
          onAllow={() => decide.accept(set, ticked)}
        />
        <span className="flex-1" />
        {onLater !== undefined && (
          <Button tone="quiet" onClick={onLater}>
            Later {showKeys && <Kbd>L</Kbd>}
          </Button>
        )}
      </div>
    </div>
  );
}
