import type { GrantEffect } from '../../../shared/domain/grant.ts';
import type { Risk } from '../../../shared/domain/identity.ts';

/** Asked because nothing in the file covers the call; every other built-in question is put each time. */
const NO_RULE = 'builtin:no-rule';

/**
 * Whether a decision on this question may count for more than one call. SECURITY: never a yes to critical risk, and never one to what Gatehouse
 * itself asks about (no sandbox, a target's own demand, data on its way out).
 */
export function isGrantable(effect: GrantEffect, { risk, rule }: { readonly risk: Risk; readonly rule: string }): boolean {
  if (effect === 'deny') return true;
  return risk !== 'critical' && (!rule.startsWith('builtin:') || rule === NO_RULE);
}
