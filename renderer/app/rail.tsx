import { useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useOperation } from '../lib/operations.ts';
import { cx } from '../ui/cx.ts';
import { pages } from './pages.ts';

function Count({ waiting }: { readonly waiting: number }): ReactNode {
  if (waiting === 0) return null;
  return (
    <span className="rounded-full bg-ask-wash px-1.5 text-sm font-semibold text-ask tabular-nums" aria-label={`${waiting} waiting`}>
      {waiting}
    </span>
  );
}

/** The way around. A count stands only beside what needs the operator. */
export function Rail(): ReactNode {
  const here = useLocation({ select: (location) => location.pathname });
  const status = useOperation('status.get', {});
  const held = useOperation('changes.list', { state: 'open', limit: 1000 });
  const waiting: Readonly<Record<string, number>> = {
    '/approvals': status.data?.counts.waiting ?? 0,
    '/changes': held.data?.changes.length ?? 0,
  };
  return (
    <nav aria-label="Pages" className="flex w-44 shrink-0 flex-col gap-0.5 border-r border-hairline bg-sunken px-2 pb-3">
      <p className="flex h-12 items-center px-2 text-title font-semibold">Gatehouse</p>
      {pages.map(({ path, title, icon: Icon }) => (
        <a
          key={path}
          href={`#${path}`}
          aria-current={here === path ? 'page' : undefined}
          className={cx(
            'flex h-8 items-center gap-2.5 rounded-md px-2 focus-visible:-outline-offset-2',
            here === path ? 'bg-selected font-medium text-ink' : 'text-ink-2 hover:bg-hover hover:text-ink',
            path === '/settings' && 'mt-auto text-sm',
          )}
        >
          <Icon size={16} aria-hidden="true" />
          <span className="flex-1">{title}</span>
          <Count waiting={waiting[path] ?? 0} />
        </a>
      ))}
    </nav>
  );
}
