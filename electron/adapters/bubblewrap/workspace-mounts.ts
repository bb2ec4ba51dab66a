import { constants } from 'node:fs';
import { open, readlink, stat, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';

export interface WorkspaceMount {
  readonly path: string;
  /** Held open from the check until bubblewrap has mounted it. */
  readonly handle: FileHandle;
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
  await Promise.all(mounts.map(async ({ handle }) => handle.close()));
};

const holdWorkspace = async (path: string, checkWorkspace: (path: string) => Promise<string>): Promise<WorkspaceMount> => {
  const gone = (cause?: unknown): AppError =>
    new AppError('forbidden', `the workspace ${path} is no longer the folder that it was: check it and mint a new token`, { cause });
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
    return { path, handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
};
