import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { ChangeEntry, ChangeSet } from '../../../shared/domain/change.ts';
import { counted } from '../../lib/format.ts';
import { messageOf } from '../../lib/operation-error.ts';
import { useOperation } from '../../lib/operations.ts';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';
import { EntryDifference } from './entry-difference.tsx';
import { EntryPath, KindWord, LineCounts } from './entry-marks.tsx';

/** Rows drawn before the rest is asked for. */
const shownAtFirst = 100;

function Difference({ set, entry }: { readonly set: ChangeSet; readonly entry: ChangeEntry }): ReactNode {
  const diff = useOperation('changes.diff', { id: set.id, path: entry.path });
  return (
    <div className="flex flex-col gap-2 border-l border-hairline py-1 pl-3 [overflow-wrap:anywhere]">
      <p className="text-sm text-ink-2">
        <Untrusted text={entry.reason} /> <Untrusted text={entry.rule} mono className="text-ink-3" />
      </p>
      {diff.isPending && <p className="text-ink-3">Reading the difference</p>}
      {diff.isError && <Notice tone="deny">{messageOf(diff.error)}</Notice>}
      {diff.isSuccess && (
        <div className="max-h-80 overflow-y-auto" tabIndex={0} role="region" aria-label="The difference">
          <EntryDifference entry={entry} diff={diff.data} />
        </div>
      )}
    </div>
  );
}

function Row({ set, entry }: { readonly set: ChangeSet; readonly entry: ChangeEntry }): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  const Icon = isOpen ? ChevronDown : ChevronRight;
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="grid h-7 w-full grid-cols-[14px_minmax(0,1fr)_auto_auto] items-center gap-2 rounded-sm text-left hover:bg-hover"
      >
        <Icon size={14} className="text-ink-3" aria-hidden="true" />
        <EntryPath entry={entry} />
        <KindWord entry={entry} />
        <LineCounts lines={entry.lines} />
      </button>
      {isOpen && <Difference set={set} entry={entry} />}
    </li>
  );
}

/** Entries, one line a file; each opens to its difference. */
export function EntryList({ set, entries }: { readonly set: ChangeSet; readonly entries: readonly ChangeEntry[] }): ReactNode {
  const [all, setAll] = useState(false);
  const rest = entries.length - shownAtFirst;
  return (
    <>
      <ul>
        {(all ? entries : entries.slice(0, shownAtFirst)).map((entry) => (
          <Row key={entry.path} set={set} entry={entry} />
        ))}
      </ul>
      {rest > 0 && !all && (
        <button type="button" onClick={() => setAll(true)} className="py-1 text-sm text-accent">
          Show {counted(rest, 'more file')}
        </button>
      )}
    </>
  );
}
