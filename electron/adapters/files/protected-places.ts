import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, identityKey, type Identity } from './descriptors.ts';

/** Whether `path` is `folder` or lies below it, by whole components. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** The gateway's own folders as they are now: by name and by identity. */
export interface ProtectedPlaces {
  /** Whether a thing is one of the gateway's own folders or lies in one. */
  contains(path: string, identity: Identity): boolean;
}

/** realpath of a path of which the last parts may not exist yet. */
const resolveExisting = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (parent === path || errnoOf(error) !== 'ENOENT') return path;
    const resolved = await resolveExisting(parent);
    return `${resolved === '/' ? '' : resolved}${path.slice(parent === '/' ? 0 : parent.length)}`;
  }
};

const keyOf = async (path: string): Promise<string | null> => {
  try {
    return identityKey(await stat(path, { bigint: true }));
  } catch {
    // Not there yet, or not ours to see: its name still protects it.
    return null;
  }
};

/**
 * Looks the gateway's own folders up afresh. By identity as well as by name, because a bind mount or a renamed parent gives the same
 * folder another name (THREATS rule 18).
 */
export const lookUpProtected = async (paths: readonly string[]): Promise<ProtectedPlaces> => {
  const names = new Set<string>();
  const keys = new Set<string>();
  for (const path of paths) {
    const resolved = await resolveExisting(path);
    names.add(path).add(resolved);
    const key = await keyOf(resolved);
    if (key !== null) keys.add(key);
  }
  return { contains: (path, identity) => keys.has(identityKey(identity)) || [...names].some((name) => isWithin(path, name)) };
};

/** Whether a folder has one of the gateway's own below it, by name or by identity. */
export const holdsProtected = async (paths: readonly string[], folder: string, identity: Identity): Promise<boolean> => {
  const wanted = identityKey(identity);
  for (const path of paths) {
    const resolved = await resolveExisting(path);
    if (isWithin(path, folder) || isWithin(resolved, folder)) return true;
    for (let at = resolved; at !== dirname(at);) {
      at = dirname(at);
      if ((await keyOf(at)) === wanted) return true;
    }
  }
  return false;
};
