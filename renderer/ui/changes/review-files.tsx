import { Eye } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ChangeEntry } from '../../../shared/domain/change.ts';
import { isTicked, mayApply, reviewKey } from '../../lib/change-review.ts';
import { below, isFolder } from '../../lib/change-words.ts';
import { counted } from '../../lib/format.ts';
import type { ChangeReview } from '../../lib/use-change-review.ts';
import { cx } from '../cx.ts';
import { EntryPath, KindWord, LineCounts } from './entry-marks.tsx';

const rowHeight = 28;
/** Rows in view at a time, and drawn beyond them. */
const shownRows = 5;
const overscan = 6;

interface RowProps {
  readonly entry: ChangeEntry;
  readonly state: ChangeReview;
  readonly top: number;
}

function Row({ entry, state, top }: RowProps): ReactNode {
  const { review, selected, select, toggle } = state;
  const isSelected = entry === selected;
  const can = mayApply(review, entry);
  const name = below(entry.workspace, entry.path);
  return (
    <li
      className={cx(
        'absolute inset-x-0 top-0 grid h-7 grid-cols-[14px_minmax(0,1fr)_auto_auto_14px] items-center gap-2.5 pr-4 pl-[14px]',
        isSelected ? 'border-l-2 border-accent bg-selected' : 'border-l-2 border-transparent hover:bg-hover',
      )}
      style={{ transform: `translateY(${top}px)` }}
    >
      <input
        type="checkbox"
        className="size-3.5 accent-accent disabled:opacity-40"
        aria-label={`Apply ${name}`}
        title={can ? 'Tick  Space' : 'It cannot be shown, so it cannot be applied'}
        data-path={entry.path}
        disabled={!can}
        checked={isTicked(review, entry)}
        onFocus={() => select(entry.path)}
        onChange={() => toggle(entry)}
      />
      <button
        type="button"
        tabIndex={-1}
        aria-current={isSelected}
        title={name}
        onClick={() => select(entry.path)}
        className="flex h-7 min-w-0 items-center text-left"
      >
        <EntryPath entry={entry} />
      </button>
      <KindWord entry={entry} />
      <LineCounts lines={entry.lines} />
      {isFolder(entry) ? (
        <span />
      ) : review.looked.has(reviewKey(entry)) ? (
        <Eye size={14} className="text-ink-3" aria-label="has been in view" />
      ) : (
        <span className="mx-auto size-1.5 rounded-full bg-accent" role="img" aria-label="not yet in view" title="Not yet in view" />
      )}
    </li>
  );
}

/** Keeps the selected row in view, and the keyboard on it where it was on another row. */
function useFollowSelection(state: ChangeReview): {
  readonly box: React.RefObject<HTMLUListElement | null>;
  readonly top: number;
  readonly onScroll: () => void;
} {
  const box = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  const { entries, selected } = state;
  const at = selected === null ? -1 : entries.indexOf(selected);
  useEffect(() => {
    const list = box.current;
    if (list === null || at < 0) return;
    const from = at * rowHeight;
    if (from < list.scrollTop) list.scrollTo({ top: from });
    else if (from + rowHeight > list.scrollTop + list.clientHeight) list.scrollTo({ top: from + rowHeight - list.clientHeight });
    const held = document.activeElement;
    if (held instanceof HTMLInputElement && list.contains(held) && held.dataset['path'] !== selected?.path) {
      list.querySelector<HTMLInputElement>(`[data-path="${CSS.escape(selected?.path ?? '')}"]`)?.focus({ preventScroll: true });
    }
  }, [at, selected]);
  return { box, top, onScroll: () => setTop(box.current?.scrollTop ?? 0) };
}

/** What waits in a set, one line a file: tick, path, kind, lines, and whether it has been in view. Long lists draw only what is in view. */
export function ReviewFiles({ state }: { readonly state: ChangeReview }): ReactNode {
  const { entries, ticked, toggleAll } = state;
  const { box, top, onScroll } = useFollowSelection(state);
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const drawn = entries.slice(first, first + shownRows + 2 * overscan);
  return (
    <section aria-label="Files that wait">
      {entries.length > 1 && (
        <header className="flex h-7 items-center gap-2.5 pr-4 pl-4 text-sm text-ink-3">
          <input
            type="checkbox"
            className="size-3.5 accent-accent"
            aria-label="Apply all files that can be read"
            ref={(element) => {
              if (element !== null) element.indeterminate = ticked.length > 0 && ticked.length < entries.length;
            }}
            checked={ticked.length > 0}
            onChange={(event) => toggleAll(event.target.checked)}
          />
          <span>
            {ticked.length} of {counted(entries.length, 'file')} ticked
          </span>
        </header>
      )}
      <ul
        ref={box}
        onScroll={onScroll}
        className="relative overflow-y-auto"
        style={{ height: rowHeight * Math.min(shownRows, entries.length) }}
      >
        <li aria-hidden="true" style={{ height: rowHeight * entries.length }} />
        {drawn.map((entry, offset) => (
          <Row key={entry.path} entry={entry} state={state} top={(first + offset) * rowHeight} />
        ))}
      </ul>
    </section>
  );
}
