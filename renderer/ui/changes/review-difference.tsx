import type { ReactNode } from 'react';
import type { ChangeEntry } from '../../../shared/domain/change.ts';
import type { ChangeReview } from '../../lib/use-change-review.ts';
import { messageOf } from '../../lib/operation-error.ts';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';
import { EntryDifference } from './entry-difference.tsx';
import { EntryPath } from './entry-marks.tsx';

/** Which file, and why it waits, in the words of the rule. */
export function EntryReason({ entry }: { readonly entry: ChangeEntry }): ReactNode {
  return (
    <div className="[overflow-wrap:anywhere]">
      <p className="line-clamp-4 font-medium">
        <EntryPath entry={entry} wrap />
      </p>
      <p className="text-sm text-ink-2">
        <Untrusted text={entry.reason} /> <Untrusted text={entry.rule} mono className="text-ink-3" />
      </p>
    </div>
  );
}

/** The difference of the selected file, once it is read. */
export function ReviewDifference({ state }: { readonly state: ChangeReview }): ReactNode {
  const { selected, diff, error } = state;
  if (selected === null) return null;
  if (diff === undefined && error !== null)
    return (
      <Notice tone="deny">
        <Untrusted text={messageOf(error)} />
      </Notice>
    );
  if (diff === undefined) return <p className="text-ink-3">Reading the difference</p>;
  return <EntryDifference key={`${selected.state}:${selected.path}`} entry={selected} diff={diff} />;
}
