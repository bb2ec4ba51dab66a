import type { Channel } from '../../../shared/domain/approval.ts';
import type { ApprovalMode } from '../../../shared/domain/deciders.ts';

/** The two sides that `both-required` needs a yes from: the operator at this machine, and whoever answers from outside. */
export type Side = 'operator' | 'outside';

/** Who decides, as the settings say now. A request keeps the mode under which it was put. */
export interface DeciderRules {
  /** False only when the operator turned approval off and acknowledged it (F43). */
  isEnabled(): boolean;
  mode(): ApprovalMode;
  /** Whether anybody outside could answer a request made now. */
  hasOutside(): Promise<boolean>;
}

/** The reason that the source document promises, word for word (F42). */
export const notConfigured = 'Approval webhook not configured';

/** Null for the gateway, which can deny and never approve. */
export function sideOf(channel: Channel): Side | null {
  switch (channel) {
    case 'window':
    case 'console':
    case 'command-line':
      return 'operator';
    case 'webhook':
    case 'slack':
    case 'discord':
      return 'outside';
    case 'gateway':
    case 'pagerduty':
      return null;
  }
}

/** Whether a request under this mode waits for somebody outside, so that without one it could never be approved. */
export const needsOutside = (mode: ApprovalMode): boolean => mode === 'webhook' || mode === 'both-required';

/**
 * Why an answer does not count under this mode; null when it does. SECURITY: the operator's no always counts; a yes only from a side that
 * the mode names.
 */
export function whyNotCounted(mode: ApprovalMode, channel: Channel, result: 'approved' | 'denied'): string | null {
  const side = sideOf(channel);
  if (result === 'denied') return side === 'outside' && mode === 'window' ? 'Requests are decided in the window only.' : null;
  if (side === null) return `Nothing can be approved by ${channel}.`;
  if (side === 'outside' && mode === 'window') return 'Requests are decided in the window only.';
  if (side === 'operator' && mode === 'webhook') return 'Requests are approved by the webhook only (approvals.mode). You can deny it.';
  return null;
}
