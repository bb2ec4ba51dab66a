import type { ReactNode } from 'react';
import type { ChangeSetId } from '../../../shared/domain/change.ts';
import { byState, isWaiting, stateWords } from '../../lib/change-words.ts';
import { count } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { ChangeReviewCard } from '../../ui/changes/change-review-card.tsx';
import { EntryList } from '../../ui/changes/entry-list.tsx';
import { UndoChanges } from '../../ui/changes/undo-changes.tsx';
import { Fact, Facts, Section } from '../../ui/inspector.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { ErrorState, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

/** One change set, whole: what waits, to be decided; then everything else by what became of it. */
export function ChangeDetails({ id, now }: { readonly id: ChangeSetId; readonly now: number }): ReactNode {
  const answer = useOperation('changes.get', { id });
  if (answer.isPending) return <Loading what="the changes" />;
  if (answer.isError) return <ErrorState error={answer.error} retry={() => void answer.refetch()} />;
  const set = answer.data;
  const settled = byState(set).filter(({ state }) => state !== 'held' && state !== 'conflict');
  // Calls and jobs of a task share a layer; in its record stands who can have made a change.
  const others = set.writers.filter(({ call_id, job_id }) => call_id !== set.call_id || job_id !== null);
  return (
    <>
      {set.entries.some(isWaiting) && (
        <div className="border-b border-hairline p-3">
          <ChangeReviewCard key={set.id} set={set} />
        </div>
      )}
      {settled.map(({ state, entries }) => (
        <Section key={state} title={`${count(entries.length)} ${stateWords[state]}`}>
          <div className="flex flex-col gap-2">
            <EntryList set={set} entries={entries} />
            {state === 'applied' && <UndoChanges key={set.id} set={set} />}
          </div>
        </Section>
      ))}
      <Section title="From">
        <Facts>
          <Fact name="Agent">
            <PageLink to={`/activity?agent=${encodeURIComponent(set.agent)}`}>
              <Untrusted text={set.agent} />
            </PageLink>
          </Fact>
          <Fact name="By">
            <Untrusted text={set.summary} mono />
          </Fact>
          <Fact name="Workspace">
            <Untrusted text={set.workspace} mono />
          </Fact>
          <Fact name="Call">
            <PageLink to={`/activity?call=${set.call_id}`}>
              <span className="machine">{set.call_id}</span>
            </PageLink>
          </Fact>
          {others.length > 0 && (
            <Fact name="Or by">
              {others.map((writer) => (
                <div key={`${writer.call_id}${writer.job_id ?? ''}`}>
                  <PageLink to={`/activity?call=${writer.call_id}`}>
                    <span className="machine">{writer.job_id ?? writer.call_id}</span>
                  </PageLink>{' '}
                  <Untrusted text={writer.tool} mono className="text-ink-3" />
                </div>
              ))}
              <div className="text-sm text-ink-3">They could write in the same layer at that time.</div>
            </Fact>
          )}
          <Fact name="When">
            <Time iso={set.created_at} now={now} />
          </Fact>
          {set.decided_at !== null && (
            <Fact name="Decided">
              <Time iso={set.decided_at} now={now} />
            </Fact>
          )}
          <Fact name="Change set">
            <span className="machine text-sm">{set.id}</span>
          </Fact>
          <Fact name="Events">
            <PageLink to={`/audit?call=${set.call_id}`}>In the audit log</PageLink>
          </Fact>
        </Facts>
      </Section>
    </>
  );
}
