import type { ReactNode } from 'react';
import { cx } from './cx.ts';

/** A value that leads to another page of this window: `/audit?call=…`. The router reads the hash, so this is an ordinary link. */
export function PageLink({
  to,
  children,
  className,
  title,
}: {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly title?: string;
}): ReactNode {
  return (
    <a
      href={`#${to}`}
      title={title}
      className={cx('rounded-sm text-accent underline decoration-transparent underline-offset-2 hover:decoration-current', className)}
    >
      {children}
    </a>
  );
}
