/**
 * SECURITY: what some file system or program takes one component of a path for. HFS+ ignores invisible code points and case, NTFS ignores case,
 * dots and spaces at the end and whatever follows a colon, and gives `.git` the short name GIT~1 (as in git's own `is_hfs_dotgit` and
 * `is_ntfs_dotgit`). Two names with the same folding count as one name wherever a change is judged.
 */
export function foldName(name: string): string {
  const plain = dropUnseen(dropUnseen(name).normalize('NFKC').toLowerCase()).replaceAll('ı', 'i');
  const stem = (/^[^:]+/.exec(plain)?.[0] ?? plain).replace(/[. ]+$/, '');
  if (/^git~[0-9]+$/.test(stem)) return '.git';
  // A name of nothing but dots, spaces and what cannot be seen.
  return stem === '' ? '.' : stem;
}

/** Code points that no glyph stands for, and the dot that lower-casing İ leaves over the i. */
const dropUnseen = (name: string) => name.replace(/\p{Default_Ignorable_Code_Point}|\p{Cc}|\p{Cf}|\u0307/gu, '');

/** The components of a path below its workspace. A backslash separates, too: to git and editors on Windows it does. */
export function componentsBelow(workspace: string, path: string): readonly string[] {
  const root = workspace.endsWith('/') ? workspace : `${workspace}/`;
  const relative = path === workspace ? '' : path.startsWith(root) ? path.slice(root.length) : path;
  return relative.split(/[/\\]/).filter((name) => name !== '');
}
