/** What a repository's own folder may take at once: data that git checks, and nothing that names a program, a folder or a rule. Case counts. */
const DATA = [
  /^(index|HEAD|[A-Z_]+_HEAD|COMMIT_EDITMSG|packed-refs)$/,
  /^(refs|logs)(\/.*)?$/,
  /^objects(\/([0-9a-f]{2}|pack|info|info\/commit-graphs))?$/,
  /^objects\/[0-9a-f]{2}\/([0-9a-f]{38}|[0-9a-f]{62}|tmp_obj_[A-Za-z0-9]+)$/,
  /^objects\/pack\/(pack-[0-9a-f]{40,64}|multi-pack-index(-[0-9a-f]{40,64})?)(\.(pack|idx|rev|bitmap|keep|promisor|mtimes))?$/,
  /^objects\/pack\/tmp_(pack|idx|rev)_[A-Za-z0-9]+$/,
  /^objects\/info\/(packs|commit-graph|commit-graphs\/(commit-graph-chain|graph-[0-9a-f]{40,64}\.graph))$/,
];
/** Folders that hold the folders of further repositories: `modules/libs/x`, `worktrees/y`. */
const NESTED = /^(?:modules|worktrees)(?:\/(.+))?$/;
/** What is never part of a submodule's name, so that nothing hides behind one. */
const NEVER_A_NAME = /(^|\/)(hooks|info|config|branches|rebase-[a-z]+|sequencer)(\/|$)/i;

/** `data`: git itself writes it in ordinary work; `rest`: what git obeys, or what is no honest repository. */
export type GitPath = 'outside' | 'data' | 'rest';

/** Where a path stands to the repositories of its workspace: its components as they are, and folded. */
export function gitPathOf(names: readonly string[], folded: readonly string[], isFolder: boolean): GitPath {
  const at = folded.indexOf('.git');
  if (at < 0) return 'outside';
  // SECURITY: a variant of the name, or a second one inside the first, has no use but to hide something.
  if (names[at] !== '.git' || folded.indexOf('.git', at + 1) >= 0) return 'rest';
  const inside = names.slice(at + 1).join('/');
  // `.git` as a file or a link names a repository elsewhere, with its configuration.
  if (inside === '') return isFolder ? 'data' : 'rest';
  return isData(inside, isFolder) ? 'data' : 'rest';
}

function isData(inside: string, isFolder: boolean): boolean {
  if (/\.lock$/.test(inside)) return false;
  if (DATA.some((pattern) => pattern.test(inside))) return true;
  const nested = NESTED.exec(inside);
  if (nested === null) return false;
  const name = nested[1] ?? '';
  if (name === '') return isFolder;
  if (NEVER_A_NAME.test(name)) return false;
  const names = name.split('/');
  return isFolder || names.some((_name, at) => at > 0 && isData(names.slice(at).join('/'), false));
}
