import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
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

/** Keeps what is read in place when rows arrive above it, and counts them. */
function useHeldPosition(keys: readonly string[], box: React.RefObject<HTMLDivElement | null>): readonly [number, () => void] {
  const first = useRef<string | null>(null);
  const [fresh, setFresh] = useState(0);
  useEffect(() => {
    const old = first.current;
    first.current = keys[0] ?? null;
    const scroller = box.current;
    if (old === null || scroller === null || scroller.scrollTop < rowHeight) return;
    const added = keys.indexOf(old);
    if (added <= 0) return;
    scroller.scrollTop += added * rowHeight;
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
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 });
  const tracks = columns.map((column) => column.width).join(' ');
  const at = cursor === null ? -1 : nextKeys.indexOf(cursor);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moveFor(event.key);
    if (move !== 0 && rows.length > 0) {
      event.preventDefault();
      const index = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + move));
      const key = nextKeys[index];
      if (key === undefined) return;
      setCursor(key);
      virtual.scrollToIndex(index);
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
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              <div
                key={key}
                id={`${id}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
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
                style={{ gridTemplateColumns: tracks, transform: `translateY(${item.start}px)` }}
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
