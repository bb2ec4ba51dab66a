import type { TaskId } from '../../../shared/domain/identity.ts';
import type { LayerView, Layers } from '../ports/layers.ts';
import type { ChangeSets } from './change-sets.ts';

/** What one call sees of its task's layer. */
export interface TaskLayer {
  /** Null as long as the real files are what the task sees. */
  view(): LayerView | null;
  /** The view, opened if need be. Errors: `unavailable` where no layer can be made. */
  openForWriting(): Promise<LayerView>;
  /** The view if the call may have changed something in it. */
  written(): LayerView | null;
  close(): Promise<void>;
}

/** Hands every call the layer of its task, opened only when it matters. */
export interface TaskLayers {
  forTask(task: TaskId, workspaces: readonly string[]): Promise<TaskLayer>;
}

export interface TaskLayersDeps {
  readonly layers: Layers;
  readonly changes: Pick<ChangeSets, 'heldPaths'>;
}

export function createTaskLayers({ layers, changes }: TaskLayersDeps): TaskLayers {
  return {
    async forTask(task, workspaces) {
      // What is held is asked at the moment of opening: while a call waits for the operator, others of its task go on.
      const open = async (held: readonly string[]): Promise<LayerView> => await layers.open(task, workspaces, held);
      let view = await layers.join(task);
      if (view === null && workspaces.length > 0) {
        const held = await changes.heldPaths(task);
        if (held.length > 0) view = await open(held);
      }
      let isWritten = false;
      return {
        view: () => view,
        async openForWriting() {
          view ??= (await layers.join(task)) ?? (await open(await changes.heldPaths(task)));
          isWritten = true;
          return view;
        },
        written: () => (isWritten ? view : null),
        async close() {
          const last = view;
          view = null;
          await last?.close();
        },
      };
    },
  };
}
