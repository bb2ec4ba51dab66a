import type { ReactNode } from 'react';
import type { Approval } from '../../../shared/domain/approval.ts';
import { counted, countdown } from '../../lib/format.ts';
import { standingOf } from '../../lib/approval-standing.ts';
import { RiskBar } from '../../ui/risk-bar.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

const rows = 3;

function gist(approval: Approval): string {
  return approval.preview.command ?? approval.preview.paths[0]?.path ?? approval.preview.summary;
}

/** What waits behind the shown card. Always below the buttons, so that nothing that arrives moves them. */
export function QueueStrip({
  waiting,
  now,
  onShow,
}: {
  readonly waiting: readonly Approval[];
  readonly now: number;
  readonly onShow: (id: string) => void;
}): ReactNode {
  if (waiting.length === 0) return null;
  return (
    <section aria-label="Also waiting" className="border-t border-hairline bg-sunken py-1">
      {waiting.slice(0, rows).map((approval) => {
        const standing = standingOf(approval, now);
        return (
          <button
            key={approval.id}
            type="button"
            onClick={() => onShow(approval.id)}
            className="grid h-7 w-full grid-cols-[128px_1fr_auto_36px] items-center gap-3 px-4 text-left text-sm text-ink-2 hover:bg-hover focus-visible:-outline-offset-2"
          >
            <Untrusted text={approval.agent} className="truncate font-medium" />
            <Untrusted text={gist(approval)} mono className="truncate text-ink-3" />
            <RiskBar risk={approval.risk} compact />
            <span className="text-right tabular-nums">{standing.kind === 'over' ? '' : countdown(standing.leftMs)}</span>
          </button>
        );
      })}
      {waiting.length > rows && <p className="px-4 py-1 text-sm text-ink-3">and {counted(waiting.length - rows, 'more', 'more')}</p>}
    </section>
  );
}
