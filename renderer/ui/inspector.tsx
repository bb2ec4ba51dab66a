import { ChevronsLeft, ChevronsRight, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { cx } from './cx.ts';

/** What is selected, whole, beside the list; over it where the window is narrow. */
export function Inspector({
  title,
  onClose,
  children,
}: {
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const [isWide, setIsWide] = useState(false);
  const Icon = isWide ? ChevronsRight : ChevronsLeft;
  return (
    <aside
      aria-label="Inspector"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
      data-wide={isWide}
      className={cx(
        isWide ? 'w-[min(860px,72vw)]' : 'w-[420px]',
        'group/inspector flex min-h-0 shrink-0 flex-col border-l border-hairline bg-surface max-[1180px]:absolute max-[1180px]:inset-y-0 max-[1180px]:right-0 max-[1180px]:z-20 max-[1180px]:shadow-float',
      )}
    >
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-hairline pr-3 pl-5">
        <h2 className="min-w-0 flex-1 truncate font-semibold">{title}</h2>
        <Button
          tone="quiet"
          size="small"
          className="px-1"
          aria-label="Wide inspector"
          aria-pressed={isWide}
          title={isWide ? 'Narrower' : 'Wider'}
          onClick={() => setIsWide(!isWide)}
          icon={<Icon size={16} aria-hidden="true" />}
        />
        <Button
          tone="quiet"
          size="small"
          className="px-1"
          aria-label="Close the inspector"
          title="Close  Esc"
          onClick={onClose}
          icon={<X size={16} aria-hidden="true" />}
        />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto focus-visible:-outline-offset-2" tabIndex={0} role="region" aria-label="Details">
        {children}
      </div>
    </aside>
  );
}

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className="border-b border-hairline px-5 py-3 last:border-b-0">
      <h3 className="pb-1.5 text-sm font-medium text-ink-3">{title}</h3>
      {children}
    </section>
  );
}

/** Names and values, one pair a line. */
export function Facts({ children }: { readonly children: ReactNode }): ReactNode {
  return <dl className="grid grid-cols-[96px_minmax(0,1fr)] gap-x-3 gap-y-1 [overflow-wrap:anywhere]">{children}</dl>;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 select-text">{children}</dd>
    </>
  );
}
