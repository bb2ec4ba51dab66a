import { readlink, stat } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { holdFolder, itself, type Held } from './descriptors.ts';

export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** One that lies in another is seen through the other's layer; a layer of its own would need a mount point that a command can move. */
export const outermost = (workspaces: readonly string[]): readonly string[] =>
  [...new Set(workspaces)].filter((path, _index, all) => !all.some((other) => other !== path && isWithin(path, other)));

/**
 * Holds a workspace and checks what is held, so that what was checked is what lies below the layer, whatever happens to its name
 * (THREATS rules 11 and 12). Errors: `forbidden`. The caller closes it.
 */
export const holdWorkspace = async (path: string, checkWorkspace: (path: string) => Promise<string>): Promise<Held> => {
  const gone = (cause?: unknown): AppError =>
    new AppError('forbidden', `the workspace ${path} is no longer the folder that it was: check it and mint a new token`, { cause });
  const held = await holdFolder(path).catch((error: unknown) => {
    throw gone(error);
  });
  try {
    // SECURITY: the kernel's own name of what is held; any link on the way makes it differ from ours.
    if ((await readlink(itself(held))) !== path) throw gone();
    const checked = await checkWorkspace(path).catch((error: unknown) => {
      throw gone(error);
    });
    const named = await stat(checked, { bigint: true });
    if (checked !== path || held.stat.dev !== named.dev || held.stat.ino !== named.ino) throw gone();
    return held;
  } catch (error) {
    await held.handle.close();
    throw error;
  }
};
