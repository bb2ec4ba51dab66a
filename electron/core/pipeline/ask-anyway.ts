import type { Verdict } from '../../../shared/domain/call.ts';
import { needsApproval } from '../targets/target-rights.ts';
import type { ResolvedCall } from './call-context.ts';

/**
 * SECURITY: what no rule of the file can allow without the operator: critical operations (F41), what the target wants approved (F37), and root rights
 * where its sudo policy is `ask`. A dry run does nothing, so policy alone judges it.
 */
export function askAnyway(verdict: Verdict, { tool, target, resolution }: ResolvedCall): Verdict {
  if (verdict.effect !== 'allow' || resolution.isDryRun === true) return verdict;
  const asked = (rule: string, reason: string): Verdict => ({
    ...verdict,
    effect: 'ask',
    rule,
    reason: `${reason} The rule ${verdict.rule} would allow it: ${verdict.reason}`,
  });
  if (tool.risk === 'critical') return asked('builtin:critical', `${tool.title} is critical, so the operator is always asked.`);
  if (needsApproval(target, tool))
    return asked('builtin:target-approval', `The target ${target.id} wants this approved, whatever policy allows.`);
  return resolution.askAnyway === undefined ? verdict : asked(resolution.askAnyway.rule, resolution.askAnyway.reason);
}
