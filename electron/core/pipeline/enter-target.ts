import type { Target } from '../../../shared/domain/target.ts';
import { voidApproval } from './approve-call.ts';
import type { Clearance, Denial, PipelineDeps, ResolvedCall, Step } from './call-context.ts';
import { checkTarget, fullTarget } from './check-target.ts';

/** A cleared call that has its place on the target. */
export interface Entered {
  /** Gives the place back; called once, whatever happened. */
  leave(): void;
}

/**
 * Before the intent: the target is looked at again, as it is now, and the call takes its place there. SECURITY: what a target lost while the call
 * waited makes a yes void (THREATS rule 3).
 */
export async function enterTarget(deps: PipelineDeps, call: ResolvedCall, clearance: Clearance): Promise<Step<Entered>> {
  const { verdict, approval } = clearance;
  // What only shows its plan takes no place.
  const checked = checkTarget(deps, call.incoming.token, call.tool, call.target.id);
  const entered = checked.ok ? enter(deps, call, checked.target) : checked;
  if (entered.ok) return { ok: true, value: entered };
  const record = { ...call.record, verdict, approval_id: approval?.id ?? null };
  if (approval === null || approval.digest === null) return { ok: false, denial: entered.denial, record };
  await voidApproval(deps, call, approval.id, entered.denial, record);
  return { ok: false, denial: { ...entered.denial, isRecorded: true }, record };
}

function enter(
  deps: PipelineDeps,
  call: ResolvedCall,
  now: Target,
): { readonly ok: true; readonly leave: () => void } | { readonly ok: false; readonly denial: Denial } {
  if (call.resolution.isDryRun === true) return { ok: true, leave: () => undefined };
  // SECURITY: what runs was planned, and shown, for the target as it was.
  if (JSON.stringify(now) !== JSON.stringify(call.target)) {
    const reason = `What targets.yaml says of the target ${now.id} changed after the call was made.`;
    return {
      ok: false,
      denial: {
        outcome: 'denied',
        rule: 'builtin:target',
        reason,
        nextStep: 'Call again; it will be judged as it is then.',
        isRecorded: false,
      },
    };
  }
  const leave = deps.slots.enter(now);
  return leave === null ? { ok: false, denial: fullTarget(now) } : { ok: true, leave };
}
