import { basename, dirname } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { asAppError, errnoOf, holdChild, holdRoot, pathOf, type Held } from '../files/descriptors.ts';
import { isWithin, type ProtectedPlaces } from '../files/protected-places.ts';
import { checkPathText, holdWorkspace } from '../files/walk.ts';

/** The folder of a path, held open, and the name in it. The caller closes it. */
export interface HeldParent {
  readonly held: Held;
  readonly name: string;
  readonly path: string;
  /** What the kernel called the folder when it was reached. */
  readonly where: string;
}

export interface HoldOptions {
  readonly workspace: string;
  readonly path: string;
  readonly places: ProtectedPlaces;
  /** The merged folder of a view instead of the real one. */
  readonly rootFd?: number | undefined;
}

/**
 * Walks from the held workspace to the folder of `path`, one component at a time. SECURITY: a symbolic link on the way ends the walk; it
 * is never followed, wherever it leads. Null when a folder on the way is missing or is none. Errors: `forbidden`, `invalid_input`.
 */
export async function holdParent({ workspace, path, places, rootFd }: HoldOptions): Promise<HeldParent | null> {
  const inside = partsBelow(workspace, path);
  let here = rootFd === undefined ? await holdWorkspace(workspace, places) : await holdRoot(rootFd);
  try {
    let at = workspace;
    for (const part of inside.slice(0, -1)) {
      const next = await child(here, part, path);
      if (next === null) return await nothing(here);
      await here.handle.close();
      here = next;
      at = `${at}/${part}`;
      if (places.contains(at, next.stat)) throw own(path);
      if (!next.stat.isDirectory()) return await nothing(here);
    }
    if (places.contains(path, { dev: -1n, ino: -1n })) throw own(path);
    return { held: here, name: basename(path), path, where: await pathOf(here.handle) };
  } catch (error) {
    await here.handle.close().catch(() => undefined);
    throw error;
  }
}

/** The names from the workspace to the path, checked before any of them reaches the disk. */
function partsBelow(workspace: string, path: string): readonly string[] {
  checkPathText(path);
  const parts = isWithin(path, workspace) ? path.slice(workspace.length + 1).split('/') : [];
  const isPlain = parts.length > 0 && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPlain) throw new AppError('forbidden', `${path} is not a path below ${workspace}`);
  return parts;
}

async function child(here: Held, name: string, path: string): Promise<Held | null> {
  try {
    return await holdChild(here.handle, name);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw asAppError(error, path);
  }
}

async function nothing(here: Held): Promise<null> {
  await here.handle.close();
  return null;
}

const own = (path: string): AppError => new AppError('forbidden', `${path} belongs to the gateway itself, which no change may reach`);

/** Throws unless the held folder still is where it was reached. Errors: `conflict`. */
export async function checkPlace({ held, path, where }: HeldParent): Promise<void> {
  if ((await pathOf(held.handle)) === where) return;
  throw new AppError('conflict', `${dirname(path)} was moved while ${basename(path)} was being changed`);
}
