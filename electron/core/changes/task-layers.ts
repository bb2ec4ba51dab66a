import type { TaskId } from '../../../shared/domain/identity.ts';
import type { LayerView, Layers } from '../ports/layers.ts';
import type { ChangeSets } from './change-sets.ts';
import { createSerial } from './serial.ts';
import type { Gathering, Writer, Writers } from './writers.ts';

/** What one call sees of its task's layer. */
export interface TaskLayer {
  /** Null as long as the real files are what the task sees. */
  view(): LayerView | null;
  /** The view, opened if need be; from here on what it shows may be this writer's. Errors: `unavailable` where no layer can be made. */
  openForWriting(writer: Writer): Promise<LayerView>;
  /** The view if the call may have changed something in it, and who else may have. */
  written(): { readonly view: LayerView; readonly gathering: Gathering } | null;
  close(): Promise<void>;
}

/** Hands every call the layer of its task, opened only when it matters. */
export interface TaskLayers {
  forTask(task: TaskId, workspaces: readonly string[]): Promise<TaskLayer>;
  /** Whether a call of the task has its layer, or may still ask for it. */
  isUsed(task: TaskId): boolean;
}

export interface TaskLayersDeps {
  readonly layers: Pick<Layers, 'open' | 'join'>;
  readonly changes: Pick<ChangeSets, 'heldPaths'>;
  readonly writers: Writers;
}

interface OfTask {
  readonly alone: ReturnType<typeof createSerial>;
  calls: number;
}

export function createTaskLayers({ layers, changes, writers }: TaskLayersDeps): TaskLayers {
  const tasks = new Map<TaskId, OfTask>();
  const enter = (task: TaskId): OfTask => {
    const known = tasks.get(task) ?? { alone: createSerial(), calls: 0 };
    tasks.set(task, known);
    known.calls += 1;
    return known;
  };

  /**
   * SECURITY: what is held is asked while no view is open and none can be opened. Between the answer and the opening, another call of the task could
   * otherwise open the layer, leave something that is held, and close it: the layer would let go of it as of what nobody waits for.
   */
  const opened = async (of: OfTask, task: TaskId, workspaces: readonly string[], isNeeded: boolean): Promise<LayerView | null> =>
    await of.alone(async () => {
      const view = await layers.join(task);
      if (view !== null || (workspaces.length === 0 && !isNeeded)) return view;
      const held = await changes.heldPaths(task);
      return isNeeded || held.length > 0 ? await layers.open(task, workspaces, held) : null;
    });

  async function layerOf(of: OfTask, task: TaskId, workspaces: readonly string[], leave: () => void): Promise<TaskLayer> {
    let view = await opened(of, task, workspaces, false);
    let writer: Writer | null = null;
    let end: (() => void) | null = null;
    return {
      view: () => view,
      async openForWriting(by) {
        view ??= await opened(of, task, workspaces, true);
        if (view === null) throw new Error('the layer was asked for and not opened');
        end ??= writers.begin(task, by);
        writer ??= by;
        return view;
      },
      written: () => (view === null || writer === null ? null : { view, gathering: writers.gather(task, writer) }),
      async close() {
        const last = view;
        view = null;
        end?.();
        leave();
        await last?.close();
      },
    };
  }

  return {
    async forTask(task, workspaces) {
      const of = enter(task);
      let isIn = true;
      const leave = (): void => {
        if (!isIn) return;
        isIn = false;
        of.calls -= 1;
        if (of.calls === 0) tasks.delete(task);
      };
      try {
        return await layerOf(of, task, workspaces, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    isUsed: (task) => tasks.has(task),
  };
}
