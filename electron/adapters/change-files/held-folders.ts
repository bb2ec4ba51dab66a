import { fstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { identityKey } from '../files/descriptors.ts';
import type { ProtectedPlaces } from '../files/protected-places.ts';
import { checkedName, holdFolder, isInPlace, type HeldFolder, type HeldParent, type HoldOptions } from './hold-parent.ts';

/** Milliseconds for which a way that was walked need not be walked again. */
const freshFor = 500;
/** Folders kept open that nobody uses; steps come in the order of paths. */
const most = 16;
/** Folders in use at once: each takes a descriptor, and many systems give a process no more than 1024. */
const mostUsed = 128;

/** Folders of the last few paths, kept open, since the next path mostly lies in the same one. */
export interface HeldFolders {
  /** Holds the folder of a path while `use` runs; `missing` when there is none. Errors: as `holdFolder`. */
  within<T>(at: HoldOptions, missing: T, use: (parent: HeldParent) => Promise<T>): Promise<T>;
  /** Lets go of everything that nobody uses at the moment. */
  clear(): void;
}

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly places: ProtectedPlaces;
  readonly folder: Promise<HeldFolder | null>;
  users: number;
  isLeft: boolean;
}

export function createHeldFolders(): HeldFolders {
  const entries = new Map<string, Entry>();
  const waiting: (() => void)[] = [];
  let used = 0;
  let timer: NodeJS.Timeout | null = null;

  const close = (entry: Entry): void => {
    void entry.folder.then(async (folder) => folder?.held.handle.close()).catch(() => undefined);
  };
  const leave = (entry: Entry): void => {
    if (entry.isLeft) return;
    entry.isLeft = true;
    if (entries.get(entry.key) === entry) entries.delete(entry.key);
    if (entry.users === 0) close(entry);
  };
  const clear = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const entry of [...entries.values()]) leave(entry);
  };
  const enter = (at: HoldOptions): { readonly entry: Entry; readonly isNew: boolean } => {
    const key = keyOf(at);
    const known = entries.get(key);
    if (known !== undefined && known.places === at.places && performance.now() - known.at < freshFor) return { entry: known, isNew: false };
    if (known !== undefined) leave(known);
    const oldest = entries.size >= most ? entries.values().next().value : undefined;
    if (oldest !== undefined) leave(oldest);
    const entry: Entry = { key, at: performance.now(), places: at.places, folder: holdFolder(at), users: 0, isLeft: false };
    entries.set(key, entry);
    // A folder that is held keeps its file system from being unmounted.
    timer ??= setTimeout(clear, freshFor).unref();
    return { entry, isNew: true };
  };

  const beUsed = (entry: Entry): void => {
    if (entry.users === 0) used += 1;
    entry.users += 1;
  };
  const beFree = (entry: Entry): void => {
    entry.users -= 1;
    if (entry.users > 0) return;
    used -= 1;
    if (entry.isLeft) close(entry);
    for (const go of waiting.splice(0, mostUsed - used)) go();
  };
  /** Whoever waits holds nothing, and those who hold a folder never wait for another, so that there always is an end to it. */
  const isFull = (at: HoldOptions): boolean => used >= mostUsed && (entries.get(keyOf(at))?.users ?? 0) === 0;

  return {
    async within(at, missing, use) {
      for (let attempt = 1; ; attempt += 1) {
        while (isFull(at)) await new Promise<void>((resolve) => waiting.push(resolve));
        const { entry, isNew } = enter(at);
        beUsed(entry);
        try {
          const folder = await entry.folder;
          if (folder === null) {
            leave(entry);
            return missing;
          }
          // SECURITY: it was reached without a link; once the kernel calls it by another name, the way is walked anew.
          if (isNew || attempt > 2 || isInPlace(folder)) return await use({ ...folder, name: checkedName(at), path: at.path });
          leave(entry);
        } catch (error) {
          leave(entry);
          throw error;
        } finally {
          beFree(entry);
        }
      }
    },
    clear,
  };
}

/** SECURITY: a view by what it is, since the number of a closed descriptor is given to the next. */
function keyOf({ rootFd, workspace, path }: HoldOptions): string {
  const root = rootFd === undefined ? '' : identityKey(fstatSync(rootFd, { bigint: true }));
  return JSON.stringify([root, workspace, dirname(path)]);
}
