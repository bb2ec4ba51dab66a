import type { ReactNode } from 'react';
import type { Risk } from '../../shared/domain/identity.ts';
import { cx } from './cx.ts';

const steps: Record<Risk, number> = { low: 1, moderate: 2, high: 3, critical: 4 };
const words: Record<Risk, string> = { low: 'Low', moderate: 'Moderate', high: 'High', critical: 'CRITICAL' };
const tints: Record<Risk, string> = { low: 'text-ink-3', moderate: 'text-ask', high: 'text-deny', critical: 'text-deny' };

/** Risk as a word and a four-step bar. */
export function RiskBar({ risk, compact = false }: { readonly risk: Risk; readonly compact?: boolean }): ReactNode {
  return (
    <span
      className={cx(
        'inline-flex h-5 items-center gap-1.5 align-middle text-sm',
        risk === 'critical' ? 'font-semibold' : 'font-medium',
        tints[risk],
      )}
      title={`Risk: ${risk}`}
    >
      {!compact && words[risk]}
      <span className="inline-flex items-end gap-[2px]" role="img" aria-label={`Risk ${risk}, ${steps[risk]} of 4`}>
        {[1, 2, 3, 4].map((step) => (
          <span key={step} className={cx('h-2.5 w-[4px] rounded-[1px]', step <= steps[risk] ? 'bg-current' : 'bg-edge opacity-70')} />
        ))}
      </span>
      {compact && <span className="sr-only">{words[risk]}</span>}
    </span>
  );
}
