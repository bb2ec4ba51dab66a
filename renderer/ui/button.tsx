import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cx } from './cx.ts';

export type ButtonTone = 'primary' | 'plain' | 'quiet' | 'danger';

const tones: Record<ButtonTone, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  plain: 'bg-surface text-ink shadow-[inset_0_0_0_1px_var(--color-edge)] hover:bg-hover',
  quiet: 'text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'bg-surface text-deny shadow-[inset_0_0_0_1px_var(--color-edge)] hover:bg-deny-wash',
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: ButtonTone;
  readonly size?: 'small' | 'normal';
  readonly icon?: ReactNode;
  readonly ref?: Ref<HTMLButtonElement> | undefined;
}

export function Button({ tone = 'plain', size = 'normal', icon, className, children, ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      className={cx(
        'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap select-none transition-colors duration-100',
        'disabled:pointer-events-none disabled:opacity-50',
        size === 'small' ? 'h-6 px-2 text-sm' : 'h-8 px-3 text-base',
        tones[tone],
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}
