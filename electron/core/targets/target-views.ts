import type { Target, TargetView } from '../../../shared/domain/target.ts';
import type { TargetRegistry } from './target-registry.ts';
import { isWithinMaintenance } from './target-rights.ts';
import type { TargetSlots } from './target-slots.ts';

export interface TargetViewsDeps {
  readonly registry: Pick<TargetRegistry, 'list' | 'isBuiltIn'>;
  readonly slots: Pick<TargetSlots, 'running'>;
  /** Whether this version can do something there. */
  readonly isReachable: (target: Target) => boolean;
  /** Milliseconds of the wall clock. */
  readonly now: () => number;
}

/** Every target with what holds there at this moment. */
export const targetViews = ({ registry, slots, isReachable, now }: TargetViewsDeps): readonly TargetView[] =>
  registry.list().map((target) => ({
    ...target,
    is_built_in: registry.isBuiltIn(target.id),
    state: isReachable(target) ? 'ready' : 'no_executor',
    state_reason: isReachable(target) ? null : noExecutor(target.id),
    running: slots.running(target.id),
    within_maintenance: isWithinMaintenance(target, now()),
  }));

export const noExecutor = (id: string): string =>
  `This version reaches no other machine yet, so nothing runs on the target ${id}. Only targets of type local can be acted on; dry_run shows the plan.`;
