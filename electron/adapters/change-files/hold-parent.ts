import { readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { asAppError, errnoOf, holdChild, holdRoot, type Held } from '../files/descriptors.ts';
import { isWithin, type ProtectedPlaces } from '../files/protected-places.ts';
import { checkPathText, holdWorkspace } from '../files/walk.ts';

/** A folder that is held open, reached without following a link. */
export interface HeldFolder {
  readonly held: Held;
  /** What the kernel called it when it was reached. */
  readonly where: string;
}

/** The folder of a path, held open by somebody else, and the name in it. */
export interface HeldParent extends HeldFolder {
  readonly name: string;
  readonly path: string;
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
 * is never followed, wherever it leads. Null when a folder on the way is missing or is none. The caller closes it. Errors: `forbidden`,
 * `invalid_input`.
 */
export async function holdFolder({ workspace, path, places, rootFd }: HoldOptions): Promise<HeldFolder | null> {
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
    return { held: here, where: whereIs(here) };
  } catch (error) {
    await here.handle.close().catch(() => undefined);
    throw error;
  }
}

/** The last name of a path that a change may reach. Errors: `forbidden`, `invalid_input`. */
export function checkedName({ workspace, path, places }: HoldOptions): string {
  partsBelow(workspace, path);
  if (places.contains(path, { dev: -1n, ino: -1n })) throw own(path);
  return basename(path);
}

const whereIs = ({ handle }: Held): string => readlinkSync(`/proc/self/fd/${handle.fd}`);

/** Whether a held folder still is where it was reached. */
export const isInPlace = ({ held, where }: HeldFolder): boolean => whereIs(held) === where;

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
export function checkPlace(parent: HeldParent): void {
  if (isInPlace(parent)) return;
  throw new AppError('conflict', `${dirname(parent.path)} was moved while ${parent.name} was being changed`);
}
