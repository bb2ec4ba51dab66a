import type { FileVersion } from '../../../shared/domain/change.ts';
import type { ChangeContext, ChangeToJudge } from './change-to-judge.ts';
import { foldName } from './fold-name.ts';

/** The workspace as it would be with the whole change set in it. */
export interface ProspectiveTree {
  /** What would be at a path; null: nothing. Never follows a link. */
  look(workspace: string, path: string): Promise<FileVersion | null>;
  /** Whether a folder would hold something of this name, or of one that folds to it. */
  holds(workspace: string, folder: string, name: string): Promise<boolean>;
}

/** The set first, else the real tree, looked at once for each path. */
export function createProspectiveTree(changes: readonly ChangeToJudge[], inspect: ChangeContext['inspect']): ProspectiveTree {
  const changed = new Map(changes.map(({ path, after }) => [path, after]));
  const fresh = new Set(changes.flatMap(({ path, before, after }) => (isFolder(after) && !isFolder(before) ? [path] : [])));
  const folded = foldedPaths(changes);
  const seen = new Map<string, Promise<FileVersion | null>>();

  async function look(workspace: string, path: string): Promise<FileVersion | null> {
    const after = changed.get(path);
    if (after !== undefined) return after;
    // What the set itself makes has nothing in it but what the set puts there.
    if (fresh.has(parentOf(path))) return null;
    const known = seen.get(path) ?? inspect(workspace, path);
    seen.set(path, known);
    return await known;
  }

  return {
    look,
    holds: async (workspace, folder, name) =>
      folded.has(foldPath(`${folder}/${name}`)) || (await look(workspace, `${folder}/${name}`)) !== null,
  };
}

const isFolder = (version: FileVersion | null) => version?.type === 'directory';

const foldPath = (path: string) =>
  path
    .split('/')
    .map((name) => (name === '' ? '' : foldName(name)))
    .join('/');

export const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'));

/** Everything that the set leaves there, with the folders that it must be in, whether they are listed or not. */
function foldedPaths(changes: readonly ChangeToJudge[]): ReadonlySet<string> {
  const folded = new Set<string>();
  for (const { path, after } of changes) {
    if (after === null) continue;
    for (let at = foldPath(path); at !== '' && !folded.has(at); at = parentOf(at)) folded.add(at);
  }
  return folded;
}
