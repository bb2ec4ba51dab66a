import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../../../shared/domain/identity.ts';
import { TaskId as TaskIdSchema } from '../../../shared/domain/identity.ts';
import type { LayerStatus } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LayerView, Layers } from '../../core/ports/layers.ts';
import type { Runner } from '../../core/ports/runner.ts';
import { createAppliedFiles, type AppliedFiles } from './applied-files.ts';
import { copyLimits, type CopyLimits } from './copy-layers.ts';
import { isGone } from './descriptors.ts';
import { createFileClock } from './file-clock.ts';
import { emptyTrash, removeLayers } from './layer-folder.ts';
import { probeLayers, type LayerKind, type ProbedLayers } from './probe-layers.ts';
import { openTaskLayers, type OpenedLayers } from './task-layer.ts';

export interface LayersDeps {
  readonly runner: Runner;
  /** A folder of the data directory; made when it is missing, 0700. */
  readonly folder: string;
  /** Answers the resolved path of a folder that may be a workspace; throws otherwise. */
  readonly checkWorkspace: (path: string) => Promise<string>;
  /** The whole path of a program; null when there is none. */
  readonly findProgram: (name: string) => Promise<string | null>;
  /** What is tried, the best first; all by default. */
  readonly kinds?: readonly LayerKind[];
  readonly limits?: CopyLimits;
}

/** What is known of one task. */
interface TaskState {
  opened: OpenedLayers | null;
  users: number;
  readonly applied: AppliedFiles;
  /** The end of what is being done to this task's layers; one thing at a time. */
  busy: Promise<unknown>;
  /** The end of the removal of what was let go, which nobody waits for but `drop` and `stop`. */
  cleaning: Promise<unknown>;
}

const untried: ProbedLayers = { status: { kind: 'none', detail: 'not tried yet', fix: null }, make: null };

/**
 * The `Layers` port on Linux: an overlay for each workspace, mounted in namespaces that nobody but the task's commands and the gateway enters; where
 * that does not work, a copy.
 */
export const createLayers = ({
  folder,
  checkWorkspace,
  findProgram,
  runner,
  kinds = ['overlay', 'fuse', 'copy'],
  limits = copyLimits,
}: LayersDeps): Layers => {
  const tasks = new Map<TaskId, TaskState>();
  let probed: ProbedLayers = untried;

  const stateOf = (task: TaskId): TaskState => {
    const known = tasks.get(task);
    if (known !== undefined) return known;
    const made: TaskState = { opened: null, users: 0, applied: createAppliedFiles(), busy: Promise.resolve(), cleaning: Promise.resolve() };
    tasks.set(task, made);
    return made;
  };

  const alone = async <T>(task: TaskId, work: (state: TaskState) => Promise<T>): Promise<T> => {
    const state = stateOf(task);
    const done = state.busy.then(async () => work(state));
    const ended = done.catch(() => undefined);
    state.busy = ended;
    void ended
      .then(async () => state.cleaning)
      .then(() => {
        // Nobody waits, and there is nothing to remember.
        if (state.busy === ended && state.opened === null && state.applied.isEmpty()) tasks.delete(task);
      });
    return done;
  };

  const taskFolder = (task: TaskId): string => join(folder, TaskIdSchema.parse(task));

  const open: Layers['open'] = async (task, workspaces, held) =>
    alone(task, async (state) => {
      if (state.opened === null) {
        const { make, status } = probed;
        if (make === null) throw noLayers(status);
        state.opened = await openTaskLayers({ make, taskFolder: taskFolder(task), workspaces, held, checkWorkspace });
        state.applied.forgetBefore(state.opened.since);
        for (const trash of state.opened.trash) {
          // What cannot be removed now stays for drop(), which says so.
          state.cleaning = state.cleaning.then(async () => emptyTrash(trash)).catch(() => undefined);
        }
      }
      const { opened } = state;
      const missing = workspaces.find((workspace) => !opened.roots.some((root) => root.workspace === workspace));
      if (missing !== undefined) {
        throw new AppError(
          'conflict',
          `the task's view that is open does not have the workspace ${missing}: try again when its running calls have ended`,
        );
      }
      return viewOf(task, state, opened);
    });

  const viewOf = (task: TaskId, state: TaskState, opened: OpenedLayers): LayerView => {
    state.users += 1;
    let isClosed = false;
    const check = (): void => {
      if (isClosed) throw new Error('the view is closed');
    };
    return {
      task,
      roots: opened.roots.map(({ workspace, held }) => ({ workspace, fd: held.handle.fd })),
      namespaces: opened.namespaces,
      async scan() {
        check();
        const isNewer = state.applied.isNewer(opened.since);
        const results = await opened.use(async () => inTurn(opened.layers, async (layer) => layer.scan(isNewer)));
        return { changes: results.flatMap((one) => one.changes), skipped: results.flatMap((one) => one.skipped) };
      },
      async bytes() {
        check();
        const sizes = await opened.use(async () => inTurn(opened.layers, async (layer) => layer.bytes()));
        return sizes.reduce((sum, size) => sum + size, 0);
      },
      async close() {
        if (isClosed) return;
        isClosed = true;
        await alone(task, async () => {
          state.users -= 1;
          if (state.users > 0) return;
          if (state.opened === opened) state.opened = null;
          await opened.close();
        });
      },
    };
  };

  return {
    async probe() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      probed = await probeLayers({ kinds, runner, findProgram, folder, limits, readClock: createFileClock(folder) });
      return probed.status;
    },
    status: () => probed.status,
    open,
    join: async (task) =>
      alone(task, async (state) => {
        if (state.opened !== null) return viewOf(task, state, state.opened);
        return null;
      }),
    applied: async (task, paths) => alone(task, async (state) => state.applied.add(paths)),
    async drop(task) {
      await alone(task, async (state) => {
        if (state.opened !== null) {
          throw new AppError('conflict', 'a call of the task still uses its layer: try again when it has ended');
        }
        await state.cleaning;
        await removeLayers(taskFolder(task));
        state.applied.clear();
      });
    },
    async list() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (isGone(error)) return [];
        throw error;
      });
      return names.flatMap((name) => TaskIdSchema.safeParse(name).data ?? []);
    },
    async stop() {
      for (const [task, state] of [...tasks]) {
        await alone(task, async () => {
          const { opened } = state;
          state.opened = null;
          await opened?.close();
          await state.cleaning;
        });
      }
    },
  };
};

const noLayers = ({ detail, fix }: LayerStatus): AppError =>
  new AppError('unavailable', `no copy-on-write layer can be made here (${detail})${fix === null ? '' : `: ${fix}`}`);

const inTurn = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
};
