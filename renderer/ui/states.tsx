import { CircleX, Info, LoaderCircle, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { messageOf } from '../lib/operation-error.ts';
import { cx } from './cx.ts';
import { Button } from './button.tsx';
import { Untrusted } from './untrusted.tsx';

/** Nothing is here, and what would make something appear. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="flex flex-col items-center gap-1 px-6 py-14 text-center">
      <p className="text-title font-medium">{title}</p>
      {children !== undefined && <div className="max-w-[52ch] text-ink-2">{children}</div>}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }): ReactNode {
  return (
    <div className="flex items-center justify-center gap-2 px-6 py-14 text-ink-3" role="status">
      <LoaderCircle size={16} className="animate-spin" aria-hidden="true" />
      Reading {what}
    </div>
  );
}

export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): ReactNode {
  return (
    <div className="p-6" role="alert">
      <Notice tone="deny">
        <Untrusted text={messageOf(error)} />
        {retry !== undefined && (
          <Button size="small" className="ml-3" onClick={retry}>
            Try again
          </Button>
        )}
      </Notice>
    </div>
  );
}

const notices = {
  deny: { icon: CircleX, style: 'bg-deny-wash', tint: 'text-deny' },
  ask: { icon: TriangleAlert, style: 'bg-ask-wash', tint: 'text-ask' },
  neutral: { icon: Info, style: 'bg-sunken', tint: 'text-ink-3' },
} as const;

/** A sentence that must be noticed: a shape, a wash and words. */
export function Notice({
  tone,
  children,
  className,
}: {
  readonly tone: keyof typeof notices;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactNode {
  const { icon: Icon, style, tint } = notices[tone];
  return (
    <div className={cx('flex items-start gap-2 rounded-md px-3 py-2', style, className)}>
      <Icon size={16} className={cx('mt-0.5 shrink-0', tint)} aria-hidden="true" />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}
