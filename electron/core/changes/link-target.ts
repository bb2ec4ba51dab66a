import type { ProspectiveTree } from './prospective-tree.ts';

export type LinkTarget =
  | { readonly kind: 'inside'; readonly path: string }
  | { readonly kind: 'outside'; readonly path: string }
  /** More links than a system follows. */
  | { readonly kind: 'endless' };

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where a link at `path` leads, one component at a time through every link on the way, also those that the set itself makes. A way that leaves the
 * workspace counts as outside, even where it comes back.
 */
export async function linkTargetOf(tree: ProspectiveTree, workspace: string, path: string, target: string): Promise<LinkTarget> {
  let at = path.slice(0, path.lastIndexOf('/'));
  let rest: string[] = [];
  let next: string | null = target;
  for (let links = 0; next !== null; links += 1) {
    if (links >= MAX_LINKS) return { kind: 'endless' };
    if (next.startsWith('/')) {
      const inside = belowWorkspace(workspace, next);
      if (inside === null) return { kind: 'outside', path: next };
      at = workspace;
      next = inside;
    }
    rest = [...next.split('/'), ...rest];
    next = null;
    while (next === null && rest.length > 0) {
      const name = rest.shift() ?? '';
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (at === workspace) return { kind: 'outside', path: `${at}/..` };
        at = at.slice(0, at.lastIndexOf('/'));
        continue;
      }
      const found = await tree.look(workspace, `${at}/${name}`);
      if (found?.type === 'symlink') next = found.target;
      else at = `${at}/${name}`;
    }
  }
  return { kind: 'inside', path: at };
}

/** The way from the workspace to an absolute path, null when it does not plainly lie in it. */
function belowWorkspace(workspace: string, path: string): string | null {
  const plain = path.replace(/\/+/g, '/');
  if (plain === workspace) return '';
  return plain.startsWith(`${workspace}/`) ? plain.slice(workspace.length + 1) : null;
}
