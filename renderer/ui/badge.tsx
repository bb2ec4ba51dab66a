import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export type Tone = 'neutral' | 'allow' | 'ask' | 'deny' | 'accent';

const tones: Record<Tone, string> = {
  neutral: 'bg-sunken text-ink-2',
  allow: 'bg-allow-wash text-allow',
  ask: 'bg-ask-wash text-ask',
  deny: 'bg-deny-wash text-deny',
  accent: 'bg-selected text-ink',
};

/** A word on a wash of its meaning. */
export function Badge({
  tone = 'neutral',
  icon,
  children,
  title,
}: {
  readonly tone?: Tone;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly title?: string;
}): ReactNode {
  return (
    <span
      title={title}
      className={cx(
        'inline-flex h-5 shrink-0 align-top items-center gap-1 rounded-sm px-1.5 text-sm font-medium whitespace-nowrap',
        tones[tone],
      )}
    >
      {icon}
      {children}
    </span>
  );
}
