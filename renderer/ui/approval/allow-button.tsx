import type { ReactNode } from 'react';
import { cx } from '../cx.ts';
import { Kbd } from '../kbd.tsx';

export interface AllowButtonProps {
  readonly label: string;
  readonly armed: boolean;
  /** Names the arming period; the line fills anew when it changes. */
  readonly since: string;
  /** Why it cannot be used; null when only arming is missing. */
  readonly blocked: string | null;
  readonly busy: boolean;
  readonly critical: boolean;
  readonly showKey: boolean;
  readonly onAllow: () => void;
}

/**
 * SECURITY: not `disabled` but `aria-disabled`, so that it keeps its place and its focus, and a click that comes before it is armed
 * lands here and does nothing instead of falling through.
 */
export function AllowButton({ label, armed, since, blocked, busy, critical, showKey, onAllow }: AllowButtonProps): ReactNode {
  const usable = armed && blocked === null && !busy;
  return (
    <button
      type="button"
      aria-disabled={!usable}
      data-armed={armed}
      title={blocked ?? (armed ? undefined : 'Armed 0.7 s after it appears')}
      onClick={() => {
        if (usable) onAllow();
      }}
      className={cx(
        'relative inline-flex h-8 shrink-0 items-center justify-center gap-2 overflow-hidden rounded-md px-3 font-medium whitespace-nowrap select-none',
        !usable && 'bg-sunken text-ink-3 shadow-[inset_0_0_0_1px_var(--color-hairline)]',
        usable && !critical && 'bg-accent text-on-accent hover:bg-accent-strong',
        usable && critical && 'bg-surface text-deny shadow-[inset_0_0_0_1.5px_var(--color-deny)] hover:bg-deny-wash',
      )}
    >
      {busy ? 'Sending' : label}
      {showKey && <Kbd>A</Kbd>}
      {!armed && blocked === null && (
        <span key={since} aria-hidden="true" className="absolute inset-x-0 bottom-0 h-0.5 origin-left animate-arm bg-accent" />
      )}
    </button>
  );
}
