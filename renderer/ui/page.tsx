import type { ReactNode } from 'react';
import { cx } from './cx.ts';

/** A page of the main window: its head, what filters it, and its content. */
export function Page({
  title,
  note,
  actions,
  children,
  scroll = false,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly scroll?: boolean;
}): ReactNode {
  return (
    <main aria-label={title} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex h-14 shrink-0 items-center gap-3 px-6">
        <h1 className="text-head font-semibold">{title}</h1>
        {note !== undefined && <div className="min-w-0 flex-1 truncate pt-1 text-ink-3">{note}</div>}
        {note === undefined && <div className="flex-1" />}
        {actions}
      </header>
      <div
        className={cx('flex min-h-0 flex-1 flex-col', scroll && 'overflow-y-auto focus-visible:-outline-offset-2')}
        {...(scroll ? { tabIndex: 0, role: 'region', 'aria-label': `${title}, content` } : {})}
      >
        {children}
      </div>
    </main>
  );
}

/** A part of a page under its own heading. */
export function PageSection({
  title,
  note,
  actions,
  children,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className="px-6 pt-2 pb-6">
      <header className="flex min-h-8 items-center gap-3 pb-2">
        <h2 className="text-title font-semibold">{title}</h2>
        {note !== undefined && <span className="text-ink-3">{note}</span>}
        <span className="flex-1" />
        {actions}
      </header>
      {children}
    </section>
  );
}
