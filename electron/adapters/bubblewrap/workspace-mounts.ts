import { constants } from 'node:fs';
import { open, readlink, stat } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { LayerView } from '../../core/ports/layers.ts';

/** A folder to show at its own path, held open from the check until bubblewrap has mounted it. */
export interface WorkspaceMount {
  readonly path: string;
  readonly fd: number;
  close(): Promise<void>;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** One that lies in another is seen there anyway; mounting it again would take a mount point that the command can move. */
export const outermost = (workspaces: readonly string[]): readonly string[] =>
  [...new Set(workspaces)].filter((path, _index, all) => !all.some((other) => other !== path && isWithin(path, other)));

/**
 * Holds the workspaces and checks what is held, so that what was checked is what is mounted, whatever happens to its name
 * (THREATS rules 11 and 12). Errors: `forbidden`. The caller closes the handles.
 */
export const holdWorkspaces = async (
  workspaces: readonly string[],
  checkWorkspace: (path: string) => Promise<string>,
): Promise<readonly WorkspaceMount[]> => {
  const mounts: WorkspaceMount[] = [];
  try {
    for (const path of outermost(workspaces)) mounts.push(await holdWorkspace(path, checkWorkspace));
    return mounts;
  } catch (error) {
    await releaseWorkspaces(mounts);
    throw error;
  }
};

export const releaseWorkspaces = async (mounts: readonly WorkspaceMount[]): Promise<void> => {
  await Promise.all(mounts.map(async (mount) => mount.close()));
};

/**
 * The workspaces as a task's layer shows them. bubblewrap itself makes sure that what it mounted is what the descriptor holds; the view
 * stays its owner's. Errors: `forbidden`.
 */
export const layerMounts = async (
  workspaces: readonly string[],
  view: LayerView,
  checkWorkspace: (path: string) => Promise<string>,
): Promise<readonly WorkspaceMount[]> =>
  Promise.all(
    outermost(workspaces).map(async (path) => {
      const root = view.roots.find(({ workspace }) => workspace === path);
      if (root === undefined) throw new AppError('forbidden', `the task has no layer over the workspace ${path}`);
      const checked = await checkWorkspace(path).catch((error: unknown) => {
        throw isGone(path, error);
      });
      if (checked !== path) throw isGone(path);
      return { path, fd: root.fd, close: async () => undefined };
    }),
  );

const isGone = (path: string, cause?: unknown): AppError =>
  new AppError('forbidden', `the workspace ${path} is no longer the folder that it was: check it and mint a new token`, { cause });

const holdWorkspace = async (path: string, checkWorkspace: (path: string) => Promise<string>): Promise<WorkspaceMount> => {
  const gone = (cause?: unknown): AppError => isGone(path, cause);
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw gone(error);
  });
  try {
    // SECURITY: the kernel's own name of what is held; any link on the way makes it differ from ours.
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== path) throw gone();
    const checked = await checkWorkspace(path).catch((error: unknown) => {
      throw gone(error);
    });
    const [held, named] = [await handle.stat({ bigint: true }), await stat(checked, { bigint: true })];
    if (checked !== path || held.dev !== named.dev || held.ino !== named.ino) throw gone();
    return { path, fd: handle.fd, close: async () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
};
