import type { Approval, ApprovalDecision } from '../../shared/domain/approval.ts';
import { duration } from './format.ts';

/** What the operator can still do with a request, as a card shows it. Times are milliseconds. */
export type Standing =
  | { readonly kind: 'pending'; readonly leftMs: number; readonly totalMs: number }
  | { readonly kind: 'next-try'; readonly leftMs: number; readonly totalMs: number; readonly words: string }
  | { readonly kind: 'granted'; readonly leftMs: number; readonly totalMs: number }
  | { readonly kind: 'over'; readonly words: string };

const channels: Record<ApprovalDecision['channel'], string> = {
  window: 'in the window',
  console: 'in the console',
  'command-line': 'on the command line',
  gateway: 'by the gateway',
  webhook: 'by the webhook',
  slack: 'in Slack',
  discord: 'in Discord',
  pagerduty: 'in PagerDuty',
};

const results: Record<ApprovalDecision['result'], string> = {
  approved: 'Approved',
  denied: 'Denied',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/** How a request ended, in one sentence. */
export function endWords(approval: Approval): string {
  const { decision } = approval;
  if (approval.state === 'expired') {
    return `Denied: nobody answered in ${duration(Date.parse(approval.expires_at) - Date.parse(approval.created_at))}.`;
  }
  if (decision === null) return 'This request is over.';
  if (decision.channel === 'gateway') return `${results[decision.result]}: ${decision.reason}`;
  return `${results[decision.result]} ${channels[decision.channel]}.`;
}

export function standingOf(approval: Approval, now: number): Standing {
  if (approval.state === 'pending') {
    const end = Date.parse(approval.expires_at);
    return { kind: 'pending', leftMs: Math.max(0, end - now), totalMs: end - Date.parse(approval.created_at) };
  }
  const until = approval.next_try_until === null ? 0 : Date.parse(approval.next_try_until);
  // SECURITY: an unreadable time compares false, and then nothing can be granted.
  if (until > now) {
    const times = { leftMs: until - now, totalMs: until - Date.parse(approval.expires_at) };
    return approval.next_try_granted ? { kind: 'granted', ...times } : { kind: 'next-try', ...times, words: endWords(approval) };
  }
  return { kind: 'over', words: endWords(approval) };
}

/** Why this request may not be allowed by anyone looking at this card; null when it may. */
export function whyNotAllowable(approval: Approval, standing: Standing): string | null {
  const { diff } = approval.preview;
  // SECURITY: of a long text the rest is named by its size and hash; what is no text cannot be shown at all (THREATS rule 15).
  if (diff !== null && (!diff.is_text || (diff.truncated && diff.whole === null)))
    return 'This change cannot be shown, so it cannot be allowed. Deny it; the agent can write a new file beside it.';
  if (standing.kind === 'pending' && standing.leftMs === 0) return 'The time to answer is over.';
  return null;
}
