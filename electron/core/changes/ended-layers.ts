import type { TaskId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Layers } from '../ports/layers.ts';
import type { ChangeSets } from './change-sets.ts';
import { createSerial } from './serial.ts';

/** Lets go of the layers of tasks that have ended, each as soon as nothing in it waits for the operator. */
export interface EndedLayers {
  /** The task has ended: no call opens its layer any more. */
  ended(task: TaskId): void;
  /** Resolves when nothing is being let go of. */
  settled(): Promise<void>;
  start(): void;
  stop(): void;
}

export interface EndedLayersDeps {
  readonly layers: Pick<Layers, 'drop'>;
  readonly changes: Pick<ChangeSets, 'heldPaths'>;
  readonly bus: ChangeBus;
  readonly onError: (error: unknown) => void;
}

export function createEndedLayers({ layers, changes, bus, onError }: EndedLayersDeps): EndedLayers {
  const waiting = new Set<TaskId>();
  const serial = createSerial();
  let unsubscribe: (() => void) | null = null;

  /** SECURITY: what waits for the operator stays as its task left it. */
  const letGo = async (task: TaskId): Promise<void> => {
    if (!waiting.has(task) || (await changes.heldPaths(task)).length > 0) return;
    try {
      await layers.drop(task);
    } catch (error) {
      // A call that outlived its task still has it: its end is told on the bus.
      if (error instanceof AppError && error.code === 'conflict') return;
      onError(error);
    }
    waiting.delete(task);
  };
  const sweep = (): void => {
    if (waiting.size === 0) return;
    serial(async () => {
      for (const task of [...waiting]) await letGo(task);
    }).catch(onError);
  };

  return {
    ended(task) {
      waiting.add(task);
      sweep();
    },
    settled: async () => await serial(() => Promise.resolve()),
    start() {
      unsubscribe = bus.subscribe((topic) => {
        if (topic === 'changes' || topic === 'calls') sweep();
      });
    },
    stop() {
      unsubscribe?.();
      unsubscribe = null;
      waiting.clear();
    },
  };
}
