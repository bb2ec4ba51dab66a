import { readlink } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { LayerRoot } from '../../core/ports/layers.ts';
import { asAppError, below, errnoOf, holdChild, holdDirectory, holdRoot, pathOf, type Held } from './descriptors.ts';
import { isWithin, type ProtectedPlaces } from './protected-places.ts';

/** As many links as the kernel itself follows. */
const linkLimit = 40;
const pathLimit = 4096;
const nameLimit = 255;

/** Where a walk ended. The caller closes `parent` and `target`. */
export interface Walked {
  readonly path: string;
  readonly workspace: string;
  /** Null at the workspace itself, whose parent is nobody's business. */
  readonly parent: Held | null;
  /** What the kernel calls the workspace's folder; below a layer it may be another name than `workspace`. */
  readonly top: string;
  readonly name: string;
  /** Null when the last component does not exist. */
  readonly target: Held | null;
}

const outside = (path: string): AppError =>
  new AppError('forbidden', `${path} is outside this token's workspaces: use a path below one of them`);

/** One of the gateway's own folders was reached; told apart from nothing else, so that probing for them teaches nothing. */
const own = (path: string): AppError => new AppError('forbidden', `${path} belongs to the gateway itself, which no tool may reach`);

/** Refuses what no file system call should ever see. */
export const checkPathText = (path: string): void => {
  if (path === '') throw new AppError('invalid_input', 'the path is empty: name a file or folder in the workspace');
  if (path.includes('\0')) throw new AppError('invalid_input', 'the path contains a NUL byte');
  if (Buffer.from(path).toString() !== path) throw new AppError('invalid_input', 'the path is not valid Unicode');
  if (Buffer.byteLength(path) > pathLimit) throw new AppError('invalid_input', `the path is longer than ${pathLimit} bytes`);
  if (path.split('/').some((name) => Buffer.byteLength(name) > nameLimit)) {
    throw new AppError('invalid_input', `a name in the path is longer than ${nameLimit} bytes`);
  }
};

/** Where a walk may go. */
export interface Bounds {
  readonly places: ProtectedPlaces;
  /** Workspaces that are seen through a task's layer. */
  readonly roots: readonly LayerRoot[];
}

/** Holds the top of a walk: the layer's own descriptor, which its maker has checked, or the real folder. */
const holdTop = async (workspace: string, { places, roots }: Bounds): Promise<{ held: Held; name: string }> => {
  const root = roots.find((one) => one.workspace === workspace);
  if (root === undefined) return { held: await holdWorkspace(workspace, places), name: workspace };
  const held = await holdRoot(root.fd);
  return { held, name: await pathOf(held.handle) };
};

/** Holds a workspace, provided that it is still the folder which was checked: no symbolic link anywhere on the way to it. */
export const holdWorkspace = async (workspace: string, places: ProtectedPlaces): Promise<Held> => {
  const gone = (cause?: unknown): AppError =>
    new AppError('forbidden', `the workspace ${workspace} is no longer the folder that it was: check it and mint a new token`, { cause });
  const held = await holdDirectory(workspace).catch((error: unknown) => {
    throw gone(error);
  });
  try {
    // SECURITY: the kernel's own name of the held folder differs from ours as soon as any parent has become a link.
    if ((await pathOf(held.handle)) !== workspace) throw gone();
    if (places.contains(workspace, held.stat)) throw own(workspace);
    await checkParents(held, places, workspace);
    return held;
  } catch (error) {
    await held.handle.close();
    throw error;
  }
};

/** SECURITY: a workspace inside the data directory is refused even when a bind mount gives it an innocent name. */
const checkParents = async (held: Held, places: ProtectedPlaces, workspace: string): Promise<void> => {
  let up = '..';
  for (let depth = workspace.split('/').length; depth > 1; depth -= 1, up = `${up}/..`) {
    const parent = await holdChild(held.handle, up).catch(() => null);
    // A parent that we may not even look at is not the data directory, which is ours.
    if (parent === null) return;
    await parent.handle.close();
    if (places.contains('/', parent.stat)) throw own(workspace);
  }
};

/** The workspace that an absolute path names, longest first, and what is left of the path. */
const enter = (workspaces: readonly string[], path: string): { workspace: string; rest: string[] } | null => {
  const workspace = workspaces.filter((folder) => isWithin(path, folder)).sort((a, b) => b.length - a.length)[0];
  return workspace === undefined ? null : { workspace, rest: path.slice(workspace.length).split('/') };
};

/**
 * Walks to a path one component at a time, holding each folder. Symbolic links are followed by hand, and only as far as they stay in a
 * workspace. Errors: `forbidden`, `not_found` (missing parents), `invalid_input`.
 */
export const walk = async (workspaces: readonly string[], path: string, bounds: Bounds): Promise<Walked> => {
  const { places } = bounds;
  checkPathText(path);
  const first = workspaces[0];
  if (first === undefined) throw new AppError('invalid_input', 'this token has no workspace folder: mint one with --workspace');
  const start = isAbsolute(path) ? enter(workspaces, path) : { workspace: first, rest: path.split('/') };
  if (start === null) throw outside(path);

  let workspace = start.workspace;
  const rest = start.rest;
  let links = 0;
  // The folders from the workspace down to where we are; `..` goes back up this list and never asks the disk.
  let trail: { held: Held; name: string }[] = [await holdTop(workspace, bounds)];
  let top = trail[0]?.name ?? workspace;
  const leave = async (): Promise<void> => {
    const all = trail;
    trail = [];
    await Promise.all(all.map(async ({ held }) => held.handle.close()));
  };
  const pathHere = (): string => [workspace, ...trail.slice(1).map((step) => step.name)].join('/');

  try {
    for (;;) {
      const name = rest.shift();
      if (name === undefined) break;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (trail.length === 1) throw outside(path);
        await trail.pop()?.held.handle.close();
        continue;
      }
      const here = trail.at(-1);
      if (here === undefined) throw outside(path);
      const isLast = rest.every((later) => later === '' || later === '.');
      const next = await holdChild(here.held.handle, name).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT' && isLast) return null;
        throw asAppError(error, path);
      });
      if (next === null) {
        if (places.contains(`${pathHere()}/${name}`, { dev: -1n, ino: -1n })) throw own(path);
        return await finish(trail, { path: `${pathHere()}/${name}`, workspace, top, name, target: null });
      }
      if (next.stat.isSymbolicLink()) {
        await next.handle.close();
        if ((links += 1) > linkLimit) throw new AppError('invalid_input', `${path} goes through too many symbolic links`);
        const target = await readlink(below(here.held.handle, name)).catch((error: unknown) => {
          throw asAppError(error, path);
        });
        if (isAbsolute(target)) {
          const entered = enter(workspaces, target);
          if (entered === null) throw outside(path);
          await leave();
          workspace = entered.workspace;
          trail = [await holdTop(workspace, bounds)];
          top = trail[0]?.name ?? workspace;
          rest.unshift(...entered.rest);
        } else {
          rest.unshift(...target.split('/'));
        }
        continue;
      }
      trail.push({ held: next, name });
      if (places.contains(pathHere(), next.stat)) throw own(path);
      if (next.stat.isDirectory()) continue;
      if (!isLast) throw new AppError('not_found', `${pathHere()} is not a folder`);
      const target = trail.pop()?.held ?? null;
      return await finish(trail, { path: `${pathHere()}/${name}`, workspace, top, name, target });
    }
    const target = trail.pop();
    if (target === undefined) throw outside(path);
    const full = trail.length === 0 ? workspace : `${pathHere()}/${target.name}`;
    return await finish(trail, { path: full, workspace, top, name: target.name, target: target.held });
  } catch (error) {
    await leave();
    throw error;
  }
};

/** Lets go of every folder but the last one. */
const finish = async (trail: { held: Held }[], found: Omit<Walked, 'parent'>): Promise<Walked> => {
  const parent = trail.pop()?.held ?? null;
  await Promise.all(trail.splice(0).map(async ({ held }) => held.handle.close()));
  return { ...found, parent };
};
