import type { ShellAnalysis, ShellCommand } from '../shell-parser.ts';
import { bareName } from './wrappers.ts';

type Condition = (words: readonly (string | null)[]) => boolean;

const always: Condition = () => true;
const withAny =
  (...options: string[]): Condition =>
  (words) =>
    words.some((word) => word === null || options.some((option) => word === option || word.startsWith(`${option}=`)));
/** The first word that is no option; one that is not static may be any. */
const subcommand =
  (names: string): Condition =>
  (words) => {
    const found = words.find((word) => word === null || !word.startsWith('-'));
    return found === null || (found !== undefined && names.split(' ').includes(found));
  };

/** Programs that also run files which do not stand on their command line, and when. */
const TABLE: readonly (readonly [programs: string, when: Condition])[] = [
  // Build tools and task runners read a file of rules.
  ['make gmake ninja cmake meson just task rake ant mvn gradle gradlew bazel buck tox nox pre-commit scons', always],
  // Package programs run install and life-cycle scripts.
  ['npm npx pnpm pnpx yarn bun bunx deno corepack pip pip3 pipx uv uvx poetry pdm hatch conda gem bundle composer', always],
  // Interpreters load modules beside the file they are given.
  ['node nodejs tsx ts-node python python2 python3 pypy pypy3 ruby perl php lua luajit Rscript julia tclsh guile osascript java', always],
  ['bash sh dash ash zsh ksh fish source .', always],
  ['jest vitest mocha pytest eslint prettier tsc webpack vite rollup gulp grunt phpunit rspec', always],
  ['cargo', subcommand('build run test check bench clippy install doc fix rustc')],
  ['go', subcommand('build run test generate install vet tool')],
  ['dotnet swift zig nim stack cabal mix rebar3 sbt lein', always],
  ['docker podman docker-compose nerdctl', subcommand('run exec build compose buildx start up')],
  // Hooks, filters, external diff and credential programs come from the repository's own configuration.
  [
    'git',
    subcommand(
      'add am bisect checkout cherry-pick clone commit difftool diff fetch gc log merge mergetool pull push rebase restore revert show stash status submodule switch worktree',
    ),
  ],
  ['git', withAny('-c', '--exec-path', '--config-env')],
  ['find', withAny('-exec', '-execdir', '-ok', '-okdir')],
  ['xargs parallel entr watch', always],
  ['awk gawk mawk nawk ed ex vi vim nvim emacs less man more', always],
  [
    'sed',
    (words) => words.some((word) => word === null || /^-\w*f|^--file|(?:^|[;}\s\d$/])e(?:\s|$)|s(.).*\1.*\1[gpimIM0-9]*e/.test(word)),
  ],
  [
    'tar bsdtar',
    (words) =>
      words.some(
        (word) => word === null || /^-\w*I|^--(?:use-compress-program|to-command|checkpoint-action|info-script|rsh-command)/.test(word),
      ),
  ],
  ['rsync ssh scp sftp', always],
  ['rg', withAny('--pre', '--hostname-bin')],
  ['fd fdfind', withAny('-x', '-X', '--exec', '--exec-batch')],
  ['sort', withAny('--compress-program')],
  ['gdb lldb strace ltrace script expect systemctl systemd-run crontab at batch', always],
];

/** argv[0]s of the commands that also run files which are not listed, each once, as they were written. */
export function runsUnlisted(analysis: ShellAnalysis): string[] {
  return [...new Set(analysis.commands.filter(runsMore).map((command) => command.program ?? ''))];
}

function runsMore(command: ShellCommand): boolean {
  if (command.program === null) return false;
  const name = bareName(command.program).replace(/^(python|pypy|ruby|perl|php|lua|node)[0-9.]+$/, '$1');
  const words = command.words.slice(1);
  return TABLE.some(([programs, when]) => programs.split(' ').includes(name) && when(words));
}
