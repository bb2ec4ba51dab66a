import type { ReactNode } from 'react';
import { countdown } from '../lib/format.ts';
import { cx } from './cx.ts';

/** Milliseconds below which the time left is shown as urgent. */
const urgentMs = 30_000;

export function CountdownText({ leftMs, label }: { readonly leftMs: number; readonly label: string }): ReactNode {
  return (
    <span className={cx('text-sm tabular-nums', leftMs < urgentMs ? 'font-semibold text-deny' : 'text-ink-2')} title={label}>
      <span className="sr-only">{label} </span>
      {countdown(leftMs)}
    </span>
  );
}

/** The time left as a thin line. */
export function CountdownLine({ leftMs, totalMs }: { readonly leftMs: number; readonly totalMs: number }): ReactNode {
  const share = totalMs <= 0 ? 0 : Math.min(1, Math.max(0, leftMs / totalMs));
  return (
    <div className="h-px w-full bg-hairline" aria-hidden="true">
      <div className={cx('h-px origin-left', leftMs < urgentMs ? 'bg-deny' : 'bg-ink-3')} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
