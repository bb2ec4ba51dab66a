import { fstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { identityKey } from '../files/descriptors.ts';
import type { ProtectedPlaces } from '../files/protected-places.ts';
import { checkedName, holdFolder, isInPlace, type HeldFolder, type HeldParent, type HoldOptions } from './hold-parent.ts';

/** Milliseconds for which a way that was walked need not be walked again. */
const freshFor = 500;
/** Folders held at once; steps come in the order of paths. */
const most = 16;

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

  return {
    async within(at, missing, use) {
      for (let attempt = 1; ; attempt += 1) {
        const { entry, isNew } = enter(at);
        entry.users += 1;
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
          entry.users -= 1;
          if (entry.isLeft && entry.users === 0) close(entry);
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
