import { realpath, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { Toolchain } from './toolchains.ts';

export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

const overlaps = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(path, folder) || isWithin(folder, path));

export interface ShownPlacesDeps {
  readonly home: string;
  /** The gateway's own folders. */
  readonly protectedPaths: readonly string[];
}

/** Places that the sandbox makes itself; what lies there on the host cannot be shown. */
const ownPlaces = ['/etc', '/proc', '/dev', '/sys', '/run'];
const ownFolders = ['/', '/tmp', '/var', '/var/tmp'];

/**
 * What a profile's `reads` show, resolved; what is not there is left out, and so is what a workspace shows anyway.
 * Errors: `forbidden` for a place of the gateway's own, for sockets and devices, and for what the sandbox makes itself.
 */
export const resolveReads = async (
  reads: readonly string[],
  workspaces: readonly string[],
  { home, protectedPaths }: ShownPlacesDeps,
): Promise<readonly string[]> => {
  const own = await Promise.all(protectedPaths.map(async (path) => realpath(path).catch(() => path)));
  const resolved = await Promise.all(reads.map(async (read) => resolveRead(read, home, [...protectedPaths, ...own])));
  // SECURITY: no mount point below a folder that an agent can write (THREATS rule 11).
  return [...new Set(resolved)].filter((path): path is string => path !== null && !workspaces.some((folder) => isWithin(path, folder)));
};

const resolveRead = async (read: string, home: string, own: readonly string[]): Promise<string | null> => {
  const refuse = (why: string): AppError =>
    new AppError('forbidden', `the sandbox profile shows ${read}, which ${why}: take it off its list`);
  const named = read.startsWith('~/') ? join(home, read.slice(2)) : normalize(read);
  if (!named.startsWith('/') || named.includes('\0')) throw refuse('is not an absolute path');
  const path = await realpath(named).catch(() => null);
  if (path === null) return null;
  // SECURITY: by resolved name; a profile may not show what lies in the data directory, nor what holds it (THREATS rule 18).
  if (overlaps(path, own)) throw refuse("is, holds or lies in the gateway's own folder");
  if (ownFolders.includes(path) || ownPlaces.some((place) => isWithin(path, place))) throw refuse('the sandbox makes itself');
  const found = await stat(path);
  if (!found.isDirectory() && !found.isFile()) throw refuse('is a socket, a pipe or a device');
  return path;
};

/** The parts of toolchains that may be mounted beside these workspaces. */
export const shownToolchains = (
  toolchains: readonly Toolchain[],
  workspaces: readonly string[],
  protectedPaths: readonly string[],
): readonly string[] =>
  toolchains
    .flatMap(({ paths }) => paths)
    .filter((path) => !overlaps(path, protectedPaths) && !workspaces.some((folder) => isWithin(path, folder)));
