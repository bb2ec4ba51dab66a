import type { TargetView } from '../../../shared/domain/target.ts';
import type { OperationExecutors } from '../ports/operation-executor.ts';
import type { TargetRegistry } from './target-registry.ts';
import { isWithinMaintenance } from './target-rights.ts';
import type { TargetSlots } from './target-slots.ts';

export interface TargetViewsDeps {
  readonly registry: Pick<TargetRegistry, 'list' | 'isBuiltIn'>;
  readonly slots: Pick<TargetSlots, 'running'>;
  readonly executors: OperationExecutors;
  /** Milliseconds of the wall clock. */
  readonly now: () => number;
}

/** Every target with what holds there at this moment. */
export const targetViews = ({ registry, slots, executors, now }: TargetViewsDeps): readonly TargetView[] =>
  registry.list().map((target) => ({
    ...target,
    is_built_in: registry.isBuiltIn(target.id),
    state: executors(target) === null ? 'no_executor' : 'ready',
    state_reason: executors(target) === null ? noExecutor(target.id) : null,
    running: slots.running(target.id),
    within_maintenance: isWithinMaintenance(target, now()),
  }));

export const noExecutor = (id: string): string =>
  `This version reaches no other machine yet, so nothing runs on the target ${id}. Only targets of type local can be acted on; dry_run shows the plan.`;
