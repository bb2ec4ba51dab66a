import { Ban, Check, CircleDashed, CircleHelp, CircleSlash, CircleX, Clock, Loader, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ApprovalState } from '../../shared/domain/approval.ts';
import type { CallOutcome, CallState, VerdictEffect } from '../../shared/domain/call.ts';
import { cx } from './cx.ts';

interface Mark {
  readonly word: string;
  readonly icon: typeof Check;
  readonly tint: string;
}

const effects: Record<VerdictEffect, Mark> = {
  allow: { word: 'Allow', icon: Check, tint: 'text-allow' },
  ask: { word: 'Ask', icon: CircleHelp, tint: 'text-ask' },
  deny: { word: 'Deny', icon: Ban, tint: 'text-deny' },
};

const outcomes: Record<CallOutcome, Mark> = {
  succeeded: { word: 'Succeeded', icon: Check, tint: 'text-allow' },
  failed: { word: 'Failed', icon: CircleX, tint: 'text-deny' },
  denied: { word: 'Denied', icon: Ban, tint: 'text-deny' },
  expired: { word: 'Expired', icon: Clock, tint: 'text-ask' },
  cancelled: { word: 'Cancelled', icon: CircleSlash, tint: 'text-ink-3' },
  invalid: { word: 'Invalid', icon: CircleX, tint: 'text-ink-3' },
  not_executed: { word: 'Not executed', icon: CircleSlash, tint: 'text-ink-3' },
  unknown_outcome: { word: 'Outcome unknown', icon: TriangleAlert, tint: 'text-ask' },
};

const states: Record<Exclude<CallState, 'finished'>, Mark> = {
  waiting: { word: 'Waiting', icon: CircleHelp, tint: 'text-ask' },
  running: { word: 'Running', icon: Loader, tint: 'text-accent' },
};

const approvals: Record<ApprovalState, Mark> = {
  pending: { word: 'Waiting', icon: CircleHelp, tint: 'text-ask' },
  approved: { word: 'Approved', icon: Check, tint: 'text-allow' },
  consumed: { word: 'Approved, ran', icon: Check, tint: 'text-allow' },
  denied: { word: 'Denied', icon: Ban, tint: 'text-deny' },
  expired: { word: 'Expired', icon: Clock, tint: 'text-ask' },
  cancelled: { word: 'Cancelled', icon: CircleSlash, tint: 'text-ink-3' },
};

function Show({ mark, title }: { readonly mark: Mark; readonly title?: string | undefined }): ReactNode {
  const Icon = mark.icon;
  return (
    <span title={title} className={cx('inline-flex h-5 items-center gap-1 align-middle text-sm font-medium whitespace-nowrap', mark.tint)}>
      <Icon size={14} aria-hidden="true" />
      {mark.word}
    </span>
  );
}

export const VerdictMark = ({ effect, title }: { readonly effect: VerdictEffect; readonly title?: string }): ReactNode => (
  <Show mark={effects[effect]} title={title} />
);

export const ApprovalMark = ({ state }: { readonly state: ApprovalState }): ReactNode => <Show mark={approvals[state]} />;

/** How a call stands: waiting, running, or its outcome. */
export function CallMark({ state, outcome }: { readonly state: CallState; readonly outcome: CallOutcome | null }): ReactNode {
  if (state !== 'finished') return <Show mark={states[state]} />;
  return outcome === null ? <Show mark={{ word: 'Unknown', icon: CircleDashed, tint: 'text-ink-3' }} /> : <Show mark={outcomes[outcome]} />;
}
