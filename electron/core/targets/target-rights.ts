import type { AgentToken, Risk, Scope } from '../../../shared/domain/identity.ts';
import type { Target } from '../../../shared/domain/target.ts';
import { compileTimes, createZoneClocks } from '../policy/time-condition.ts';
import type { TargetRegistry } from './target-registry.ts';

/** What of a tool decides what it may do where. */
export interface JudgedTool {
  readonly name: string;
  readonly scope: Scope;
  readonly risk: Risk;
}

/** Why a call may not be made on a target, and what to do. */
export interface TargetRefusal {
  readonly rule: 'builtin:target' | 'builtin:capability' | 'builtin:maintenance';
  readonly reason: string;
  readonly nextStep: string;
}

export type TargetRights = { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly refusal: TargetRefusal };

export interface TargetRightsDeps {
  readonly registry: Pick<TargetRegistry, 'get' | 'deniedBecause'>;
  /** Milliseconds of the wall clock. */
  readonly now: () => number;
}

/** What a target must be ready for in a maintenance window. */
export const changesTarget = ({ scope, risk }: Pick<JudgedTool, 'scope' | 'risk'>): boolean =>
  risk === 'high' || risk === 'critical' || /:(?:write|admin)$/.test(scope);

/** Whether calls that change something may run at this instant. Without windows at any time; an instant that is none never. */
export const isWithinMaintenance = ({ constraints: { maintenance_windows: windows } }: Target, now: number): boolean => {
  if (windows.length === 0) return true;
  // A zone that nobody knows was refused when the file was read; a span in one holds nothing.
  return compileTimes(windows, createZoneClocks(), () => undefined)(now) === true;
};

/**
 * The part of a call's right that its target decides: token scopes ∩ target capabilities (policy comes after). The token's own scope was looked
 * at before. SECURITY: an empty list is no target and no capability.
 */
export function judgeTarget(
  { registry, now }: TargetRightsDeps,
  token: Pick<AgentToken, 'targets'>,
  tool: JudgedTool,
  id: string,
): TargetRights {
  const refuse = (rule: TargetRefusal['rule'], reason: string, nextStep: string): TargetRights => ({
    ok: false,
    refusal: { rule, reason, nextStep },
  });
  const denied = registry.deniedBecause();
  if (denied !== null) return refuse('builtin:target', denied, 'Tell the operator to mend the file: gatehouse targets check');
  const shown = JSON.stringify(id.slice(0, 100));
  // SECURITY: the token before the registry, so that a token learns nothing of targets that are not its own.
  if (!token.targets.includes(id))
    return refuse(
      'builtin:target',
      `The token may not act on the target ${shown}.`,
      `Its targets are: ${token.targets.join(', ')}. Ask the operator for a token with another one.`,
    );
  const target = registry.get(id);
  if (target === null)
    return refuse('builtin:target', `There is no target ${shown} in targets.yaml any more.`, 'Ask the operator: gatehouse targets list');
  if (!target.capabilities.includes(tool.scope))
    return refuse(
      'builtin:capability',
      `The target ${id} does not have the capability ${tool.scope}, which ${tool.name} needs.`,
      'Nobody can approve this; the operator would have to add the capability to the target in targets.yaml.',
    );
  if (changesTarget(tool) && !isWithinMaintenance(target, now()))
    return refuse(
      'builtin:maintenance',
      `${tool.name} changes something, and the target ${id} is outside its maintenance windows.`,
      `Wait for one: ${target.constraints.maintenance_windows.map(windowText).join('; ')}.`,
    );
  return { ok: true, target };
}

const windowText = ({ days, from, to, zone }: Target['constraints']['maintenance_windows'][number]): string =>
  `${days?.join(', ') ?? 'every day'} ${from}–${to}${zone === undefined ? '' : ` ${zone}`}`;

/** Whether a target wants every such call put to the operator. */
export const needsApproval = ({ constraints: { require_approval: wanted } }: Target, tool: Pick<JudgedTool, 'name' | 'risk'>): boolean =>
  Array.isArray(wanted) ? wanted.includes(tool.name) || wanted.includes(tool.risk) : wanted;
