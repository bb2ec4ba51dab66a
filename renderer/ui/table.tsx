import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import { cx } from './cx.ts';

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  /** A track of the grid: `120px`, `minmax(0,1fr)`. */
  readonly width: string;
  readonly align?: 'right';
  readonly render: (row: Row) => ReactNode;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly selected?: string | null;
  readonly onSelect?: (key: string | null) => void;
  /** Called when the end comes near, to fetch older rows. */
  readonly onNearEnd?: () => void;
}

const rowHeight = 32;
const headerHeight = 29;

function moveFor(key: string): number {
  const moves: Readonly<Record<string, number>> = {
    j: 1,
    ArrowDown: 1,
    k: -1,
    ArrowUp: -1,
    PageDown: 12,
    PageUp: -12,
    Home: -Infinity,
    End: Infinity,
  };
  return moves[key] ?? 0;
}

/** Rows drawn beyond both edges. */
const overscan = 12;

interface View {
  readonly top: number;
  readonly height: number;
}

function viewOf(scroller: HTMLDivElement, old: View): View {
  const top = Math.floor(scroller.scrollTop / rowHeight) * rowHeight;
  return old.top === top && old.height === scroller.clientHeight ? old : { top, height: scroller.clientHeight };
}

/** What of the list is in view, in pixels; rows have one height, so that is all that is needed to draw only those. */
function useView(box: RefObject<HTMLDivElement | null>): readonly [View, (scroller: HTMLDivElement) => void] {
  const [view, setView] = useState<View>({ top: 0, height: 800 });
  useEffect(() => {
    const scroller = box.current;
    if (scroller === null) return undefined;
    const observer = new ResizeObserver(() => setView((old) => viewOf(scroller, old)));
    observer.observe(scroller);
    return () => observer.disconnect();
  }, [box]);
  return [view, (scroller) => setView((old) => viewOf(scroller, old))];
}

/** Keeps what is read in place when rows arrive above it, and counts them. */
function useHeldPosition(keys: readonly string[], box: RefObject<HTMLDivElement | null>): readonly [number, () => void] {
  const first = useRef<string | null>(null);
  const [fresh, setFresh] = useState(0);
  useEffect(() => {
    const old = first.current;
    first.current = keys[0] ?? null;
    const scroller = box.current;
    if (old === null || scroller === null || scroller.scrollTop < rowHeight) return;
    const added = keys.indexOf(old);
    if (added <= 0) return;
    scroller.scrollBy({ top: added * rowHeight });
    setFresh((value) => value + added);
  }, [keys, box]);
  return [fresh, () => setFresh(0)];
}

/** A list: virtual, keyboard (j k ⏎ Escape), one line a row. */
export function Table<Row>({ label, rows, columns, rowKey, selected = null, onSelect, onNearEnd }: TableProps<Row>): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [cursor, setCursor] = useState<string | null>(selected);
  const [keys, setKeys] = useState<readonly string[]>([]);
  const nextKeys = rows.map(rowKey);
  if (nextKeys.length !== keys.length || nextKeys.some((key, index) => key !== keys[index])) setKeys(nextKeys);
  const [fresh, seen] = useHeldPosition(keys, box);
  const [view, measure] = useView(box);
  useEffect(() => {
    // j and k work as soon as the page is there, unless something else has the keyboard.
    if (document.activeElement === document.body) box.current?.focus({ preventScroll: true });
  }, []);
  const firstDrawn = Math.max(0, view.top / rowHeight - overscan);
  const drawn = rows.slice(firstDrawn, Math.ceil((view.top + view.height) / rowHeight) + overscan);
  const tracks = columns.map((column) => column.width).join(' ');
  const at = cursor === null ? -1 : nextKeys.indexOf(cursor);

  const showRow = (index: number): void => {
    const scroller = box.current;
    if (scroller === null) return;
    const top = index * rowHeight;
    const room = scroller.clientHeight - headerHeight - rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTo({ top });
    else if (top > scroller.scrollTop + room) scroller.scrollTo({ top: top - room });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moveFor(event.key);
    if (move !== 0 && rows.length > 0) {
      event.preventDefault();
      const index = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + move));
      const key = nextKeys[index];
      if (key === undefined) return;
      setCursor(key);
      showRow(index);
      if (selected !== null) onSelect?.(key);
    } else if ((event.key === 'Enter' || event.key === ' ') && cursor !== null) {
      event.preventDefault();
      onSelect?.(selected === cursor ? null : cursor);
    } else if (event.key === 'Escape' && selected !== null) {
      onSelect?.(null);
    }
  };

  const onScroll = (): void => {
    const scroller = box.current;
    if (scroller === null) return;
    measure(scroller);
    if (scroller.scrollTop < rowHeight && fresh > 0) seen();
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < rowHeight * 20) onNearEnd?.();
  };

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {fresh > 0 && (
        <button
          type="button"
          onClick={() => box.current?.scrollTo({ top: 0 })}
          className="absolute top-10 left-1/2 z-10 -translate-x-1/2 rounded-full bg-accent px-3 py-0.5 text-sm font-medium text-on-accent shadow-float"
        >
          {fresh} new
        </button>
      )}
      <div
        ref={box}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
        className="min-h-0 flex-1 overflow-auto focus-visible:-outline-offset-2"
      >
        <div role="rowgroup" className="sticky top-0 z-[1] border-b border-hairline bg-canvas">
          <div
            role="row"
            aria-rowindex={1}
            className="grid h-7 items-center gap-3 px-6 text-sm text-ink-3"
            style={{ gridTemplateColumns: tracks }}
          >
            {columns.map((column) => (
              <span key={column.id} role="columnheader" className={cx('truncate', column.align === 'right' && 'text-right')}>
                {column.header}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="relative" style={{ height: rows.length * rowHeight }}>
          {drawn.map((row, offset) => {
            const index = firstDrawn + offset;
            const key = rowKey(row);
            return (
              <div
                key={key}
                id={`${id}-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={selected === key}
                onClick={() => {
                  setCursor(key);
                  onSelect?.(selected === key ? null : key);
                }}
                className={cx(
                  'absolute inset-x-0 grid h-8 items-center gap-3 px-6',
                  selected === key ? 'bg-selected' : 'hover:bg-hover',
                  cursor === key && 'shadow-[inset_2px_0_0_var(--color-accent)]',
                )}
                style={{ gridTemplateColumns: tracks, transform: `translateY(${index * rowHeight}px)` }}
              >
                {columns.map((column) => (
                  <span
                    key={column.id}
                    role="gridcell"
                    className={cx('min-w-0 truncate', column.align === 'right' && 'text-right tabular-nums')}
                  >
                    {column.render(row)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
