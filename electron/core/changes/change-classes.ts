import type { ChangeClass } from '../../../shared/domain/policy.ts';
import type { ChangeToJudge } from './change-to-judge.ts';
import { componentsBelow, foldName } from './fold-name.ts';
import { linkTargetOf } from './link-target.ts';
import { classOfPath } from './path-classes.ts';
import { parentOf, type ProspectiveTree } from './prospective-tree.ts';

const EXECUTE = 0o111;
/** Set-user-id and set-group-id. */
const PRIVILEGED = 0o6000;
/** Without one of these a folder is no repository any more. */
const VITAL = /^(|HEAD|objects|refs)$/;

/** Every built-in class that would hold a change. */
export function createChangeClasses(
  tree: ProspectiveTree,
  bareRepositoryAround: (workspace: string, path: string) => Promise<string | null>,
): (change: ChangeToJudge) => Promise<readonly ChangeClass[]> {
  async function isLinkHeld({ workspace, path }: ChangeToJudge, target: string): Promise<boolean> {
    const found = await linkTargetOf(tree, workspace, path, target);
    if (found.kind !== 'inside') return true;
    const names = componentsBelow(workspace, found.path);
    if (names.some((name) => foldName(name) === '.git')) return true;
    const { held } = classOfPath(names, false);
    // Links between packages are what package tools make everywhere.
    return held !== null && held !== 'dependencies';
  }

  /** SECURITY: under `.git` git makes no links, and taking a repository apart is no ordinary work of its. */
  async function isGitHeld({ workspace, after }: ChangeToJudge, names: readonly string[]): Promise<boolean> {
    const at = names.indexOf('.git');
    if (at < 0 || (after !== null && after.type !== 'symlink')) return false;
    if (after !== null || VITAL.test(names.slice(at + 1).join('/'))) return true;
    return (await tree.look(workspace, [workspace, ...names.slice(0, at + 1), 'HEAD'].join('/'))) === null;
  }

  return async (change) => {
    const { workspace, path, before, after } = change;
    const names = componentsBelow(workspace, path);
    const isFolder = (after ?? before)?.type === 'directory';
    const { held, isOutput } = classOfPath(names, isFolder);
    const classes = new Set<ChangeClass>(held === null ? [] : [held]);
    if (await isGitHeld(change, names)) classes.add('git');
    if (after !== null && (await bareRepositoryAround(workspace, isFolder ? path : parentOf(path))) !== null)
      classes.add('bare-repository');
    if (after?.type === 'symlink' && (await isLinkHeld(change, after.target))) classes.add('symlink');
    if (after?.type === 'file' && (after.mode & PRIVILEGED) !== 0) classes.add('privileged-mode');
    if (becomesExecutable(change) && !(isOutput && before === null)) classes.add('executable');
    return [...classes];
  };
}

function becomesExecutable({ before, after }: ChangeToJudge): boolean {
  const was = before?.type === 'file' && (before.mode & EXECUTE) !== 0;
  return after?.type === 'file' && (after.mode & EXECUTE) !== 0 && !was;
}
