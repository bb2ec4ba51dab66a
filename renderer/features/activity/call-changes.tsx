import type { ReactNode } from 'react';
import type { ChangeSetId } from '../../../shared/domain/change.ts';
import { countsLine, isWaiting } from '../../lib/change-words.ts';
import { useOperation } from '../../lib/operations.ts';
import { EntryList } from '../../ui/changes/entry-list.tsx';
import { UndoChanges } from '../../ui/changes/undo-changes.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { ErrorState } from '../../ui/states.tsx';

/** What a call changed, and the way to take it back. */
export function CallChanges({ id }: { readonly id: ChangeSetId | null }): ReactNode {
  const answer = useOperation('changes.get', { id: id ?? '' }, { enabled: id !== null });
  if (id === null) return <p className="text-ink-3">It changed no file.</p>;
  if (answer.isError) return <ErrorState error={answer.error} retry={() => void answer.refetch()} />;
  if (answer.isPending) return <p className="text-ink-3">Reading the changes</p>;
  const set = answer.data;
  return (
    <div className="flex flex-col gap-2">
      <p className="flex justify-between gap-3 text-sm text-ink-2">
        {countsLine(set)}
        <PageLink to={`/changes?set=${set.id}`}>{set.entries.some(isWaiting) ? 'Review what is held' : 'Open'}</PageLink>
      </p>
      <EntryList set={set} entries={set.entries} />
      <UndoChanges key={set.id} set={set} />
    </div>
  );
}
