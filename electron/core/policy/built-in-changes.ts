import type { ChangeClass } from '../../../shared/domain/policy.ts';
import type { ChangeVerdict } from './policy.ts';

/** What a held change could do, in the words that the operator and the agent read. */
const REASONS: Record<ChangeClass, string> = {
  'bare-repository': 'Git would take this folder for a repository and run what its configuration names.',
  'privileged-mode': 'The file would run with its owner’s or group’s rights (set-user-id or set-group-id).',
  symlink: 'The link leads out of the workspace, into a repository’s own folder, or to a file that programs obey.',
  git: 'Git obeys this file (hooks, configuration, attributes, ignored files) or it is no ordinary part of a repository.',
  hooks: 'Git hooks run this by themselves.',
  agent: 'Coding agents take instructions or servers from this file.',
  editor: 'Editors obey this file when the folder is opened, and it can name programs to run.',
  ci: 'Continuous integration runs this, with its own secrets.',
  shell: 'Shells and their tools load this when the folder is entered.',
  startup: 'The system, the desktop or an interpreter starts this by itself.',
  container: 'Containers are built or started from this file.',
  lockfile: 'This decides which packages, and whose, are installed next.',
  package: 'Package tools run scripts, or install what this file names.',
  build: 'A build or a test run executes this file.',
  dependencies: 'Installed packages run with whatever uses them, and nobody reads them in a review.',
  dotfile: 'Programs obey hidden files like this one without being asked.',
  executable: 'The file would become a program that can be started.',
};

/** The gravest first: it names the reason. */
const ORDER = Object.keys(REASONS);

/** What happens where no rule of the file has an opinion: a class holds, everything else inside the workspace applies. */
export function builtInChange(classes: readonly ChangeClass[]): ChangeVerdict {
  const [gravest] = [...classes].sort((one, other) => ORDER.indexOf(one) - ORDER.indexOf(other));
  if (gravest === undefined)
    return { effect: 'apply', rule: 'builtin:ordinary-change', reason: 'An ordinary change inside the workspace.' };
  return { effect: 'hold', rule: `builtin:${gravest}`, reason: REASONS[gravest] };
}
