import { foldName } from './fold-name.ts';
import type { ProspectiveTree } from './prospective-tree.ts';

/**
 * Finds folders that git would take for a repository without `.git` (its own test, `is_git_directory`: HEAD, objects and refs, or HEAD and a
 * `commondir` that says where the others are). Whoever runs git in one obeys its configuration. Returns the folder around a path, null: none.
 */
export function createBareRepositories(tree: ProspectiveTree): (workspace: string, path: string) => Promise<string | null> {
  const known = new Map<string, Promise<boolean>>();

  async function hasShape(workspace: string, folder: string): Promise<boolean> {
    const has = async (name: string) => await tree.holds(workspace, folder, name);
    if (!(await has('HEAD'))) return false;
    return (await has('commondir')) || ((await has('objects')) && (await has('refs')));
  }

  async function isBare(workspace: string, folder: string): Promise<boolean> {
    const found = known.get(folder) ?? hasShape(workspace, folder);
    known.set(folder, found);
    return await found;
  }

  return async (workspace, path) => {
    for (const folder of foldersAround(workspace, path)) {
      if (await isBare(workspace, folder)) return folder;
    }
    return null;
  };
}

/** From the workspace down to the path itself; in a `.git`, only below its references and logs, whose names are free. */
function foldersAround(workspace: string, path: string): readonly string[] {
  const names = path === workspace ? [] : path.slice(workspace.length + 1).split('/');
  const folders = ['', ...names].map((_name, at) => [workspace, ...names.slice(0, at)].join('/'));
  const git = names.findIndex((name) => foldName(name) === '.git');
  if (git < 0) return folders;
  const free = names.findIndex((name, at) => at > git && (name === 'refs' || name === 'logs'));
  return folders.filter((_folder, depth) => depth <= git || (free >= 0 && depth > free));
}
