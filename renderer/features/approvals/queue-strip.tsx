import type { ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { ChangeSet } from '../../../shared/domain/change.ts';
import { waitingOf } from '../../lib/change-words.ts';
import { counted, countdown } from '../../lib/format.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import { EntryMark } from '../../ui/changes/entry-marks.tsx';
import { RiskBar } from '../../ui/risk-bar.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

const rows = 3;

function gist(approval: Approval): string {
  return approval.preview.command ?? approval.preview.paths[0]?.path ?? approval.preview.summary;
}

function CallRow({ approval, now }: { readonly approval: Approval; readonly now: number }): ReactNode {
  const standing = standingOf(approval, now);
  return (
    <>
      <Untrusted text={approval.agent} className="truncate font-medium" />
      <Untrusted text={gist(approval)} mono className="truncate text-ink-3" />
      <RiskBar risk={approval.risk} compact />
      <span className="text-right tabular-nums">{standing.kind === 'over' ? '' : countdown(standing.leftMs)}</span>
    </>
  );
}

function ChangesRow({ set }: { readonly set: ChangeSet }): ReactNode {
  const waiting = waitingOf(set);
  const isConflict = waiting.some(({ state }) => state === 'conflict');
  return (
    <>
      <Untrusted text={set.agent} className="truncate font-medium" />
      <Untrusted text={set.summary} mono className="truncate text-ink-3" />
      <span className="col-span-2">
        <EntryMark state={isConflict ? 'conflict' : 'held'} count={waiting.length} />
      </span>
    </>
  );
}

export interface QueueStripProps {
  /** Ids, in the order of the queue. */
  readonly behind: readonly string[];
  readonly approvals: readonly Approval[];
  readonly changes: readonly ChangeSet[];
  readonly now: number;
  readonly onShow: (id: string) => void;
}

/** What waits behind the shown card. Always below the buttons, so that nothing that arrives moves them. */
export function QueueStrip({ behind, approvals, changes, now, onShow }: QueueStripProps): ReactNode {
  const waiting = behind.flatMap((id) => {
    const approval = approvals.find((one) => one.id === id);
    if (approval !== undefined) return { id, row: <CallRow approval={approval} now={now} /> };
    const set = changes.find((one) => one.id === id);
    return set === undefined ? [] : { id, row: <ChangesRow set={set} /> };
  });
  if (waiting.length === 0) return null;
  return (
    <section aria-label="Also waiting" className="border-t border-hairline bg-sunken py-1">
      {waiting.slice(0, rows).map(({ id, row }) => (
        <button
          key={id}
          type="button"
          onClick={() => onShow(id)}
          className="grid h-7 w-full grid-cols-[128px_1fr_auto_36px] items-center gap-3 px-4 text-left text-sm text-ink-2 hover:bg-hover focus-visible:-outline-offset-2"
        >
          {row}
        </button>
      ))}
      {waiting.length > rows && <p className="px-4 py-1 text-sm text-ink-3">and {counted(waiting.length - rows, 'more', 'more')}</p>}
    </section>
  );
}
