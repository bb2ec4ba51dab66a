import { useMemo, useState, type ReactNode } from 'react';
import { blockPieces } from '../lib/display-pieces.ts';
import { counted } from '../lib/format.ts';
import { lineDiff, type DiffLine } from '../lib/line-diff.ts';
import { cx } from './cx.ts';
import { Pieces } from './untrusted.tsx';

/** Unchanged lines kept around a change; longer stretches fold, and open on a click. */
const context = 3;

type Row =
  { readonly kind: 'line'; readonly line: DiffLine } | { readonly kind: 'fold'; readonly id: number; readonly lines: readonly DiffLine[] };

function fold(lines: readonly DiffLine[]): Row[] {
  const near = lines.map((_, index) => lines.slice(Math.max(0, index - context), index + context + 1).some((line) => line.kind !== 'same'));
  const rows: Row[] = [];
  let at = 0;
  while (at < lines.length) {
    let end = at;
    while (end < lines.length && near[end] !== true) end += 1;
    if (end - at > 2) rows.push({ kind: 'fold', id: at, lines: lines.slice(at, end) });
    else for (const line of lines.slice(at, end)) rows.push({ kind: 'line', line });
    for (; end < lines.length && near[end] === true; end += 1) {
      const line = lines[end];
      if (line !== undefined) rows.push({ kind: 'line', line });
    }
    at = end;
  }
  return rows;
}

const sign = { same: ' ', added: '+', removed: '−' } as const;
const wash = { same: '', added: 'bg-allow-wash', removed: 'bg-deny-wash' } as const;
const tint = { same: 'text-ink-3', added: 'text-allow', removed: 'text-deny' } as const;

function Line({ line }: { readonly line: DiffLine }): ReactNode {
  return (
    <div className={cx('grid grid-cols-[34px_34px_16px_1fr]', wash[line.kind])}>
      <span className="pr-2 text-right text-ink-3 select-none">{line.before}</span>
      <span className="pr-2 text-right text-ink-3 select-none">{line.after}</span>
      <span className={cx('select-none', tint[line.kind])}>{sign[line.kind]}</span>
      <span className="machine-block min-w-0 pr-2 select-text">
        <Pieces pieces={blockPieces(line.text)} />
        {!line.ended && <span className="font-sans text-ink-3"> (no line end)</span>}
      </span>
    </div>
  );
}

/** Every changed line of a file, before and after. Only unchanged stretches fold. */
export function DiffView({
  before,
  after,
  title = before === null ? 'New file' : 'Changes a file',
}: {
  readonly before: string | null;
  readonly after: string;
  /** What the difference is between, in short. */
  readonly title?: string;
}): ReactNode {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  const rows = useMemo(() => fold(lines), [lines]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const added = lines.filter((line) => line.kind === 'added').length;
  const removed = lines.filter((line) => line.kind === 'removed').length;
  return (
    <div className="machine text-sm leading-[18px]" role="group" aria-label="Difference">
      <div className="flex gap-3 pb-1 font-sans text-ink-3">
        <span>{title}</span>
        {added > 0 && <span className="text-allow">{counted(added, 'line')} added</span>}
        {removed > 0 && <span className="text-deny">{counted(removed, 'line')} removed</span>}
      </div>
      {added + removed === 0 && <div className="font-sans text-ink-2">Nothing in it changes.</div>}
      {rows.map((row, index) =>
        row.kind === 'line' ? (
          <Line key={index} line={row.line} />
        ) : open.has(row.id) ? (
          row.lines.map((line, inner) => <Line key={`${row.id}:${inner}`} line={line} />)
        ) : (
          <button
            key={index}
            type="button"
            className="block w-full bg-sunken px-2 py-0.5 text-left font-sans text-ink-3 hover:text-ink"
            onClick={() => setOpen(new Set([...open, row.id]))}
          >
            {counted(row.lines.length, 'unchanged line')}
          </button>
        ),
      )}
    </div>
  );
}
