import type { Word } from './word.ts';

/** What a command runs besides itself. */
export type Inner =
  | { readonly kind: 'none' }
  | { readonly kind: 'command'; readonly words: readonly Word[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown'; readonly problem: string };

interface Wrapper {
  /** Options that take a separate value, `-u` and `--user` alike; `--user=x` needs none. */
  readonly values?: readonly string[];
  /** Options without a value; single letters may be clustered. */
  readonly flags?: readonly string[];
  /** Words of its own before the command. */
  readonly operands?: number;
  readonly assignments?: boolean;
  /** It appends words that are not in the text. */
  readonly appends?: boolean;
  /** Options after which the rest is not a command. */
  readonly stops?: readonly string[];
}

const list = (text: string) => text.split(' ');

/** From the programs' own manuals (coreutils 9, findutils 4.10, sudo 1.9, util-linux 2.40, bash 5.2). */
const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    'env',
    { values: list('-u --unset -C --chdir -a --argv0'), flags: list('-i - --ignore-environment -0 --null -v --debug'), assignments: true },
  ],
  [
    'sudo',
    {
      values: list('-u --user -g --group -h --host -p --prompt -C -D --chdir -R --chroot -T -r -t -U'),
      flags: list('-n -E -H -S -b -A -P -k --non-interactive --preserve-env --set-home --stdin --background -i -s --login --shell'),
      assignments: true,
      stops: list('-l -v -e --list --validate --edit -V -K'),
    },
  ],
  ['doas', { values: list('-u -C'), flags: list('-n -s -L') }],
  ['nohup', {}],
  ['setsid', { flags: list('-c -f -w --ctty --fork --wait') }],
  ['time', { values: list('-f --format -o --output'), flags: list('-p -a -v -q --portability --append --verbose --quiet') }],
  [
    'timeout',
    { values: list('-k --kill-after -s --signal'), flags: list('-v --verbose -p -f --foreground --preserve-status'), operands: 1 },
  ],
  ['nice', { values: list('-n --adjustment') }],
  ['ionice', { values: list('-c --class -n --classdata'), flags: list('-t --ignore'), stops: list('-p -P -u') }],
  ['chrt', { flags: list('-f -r -o -b -i -d -R'), operands: 1, stops: list('-p -m') }],
  ['taskset', { flags: list('-c --cpu-list'), operands: 1, stops: list('-p --pid') }],
  ['stdbuf', { values: list('-i -o -e --input --output --error') }],
  ['chroot', { values: list('--userspec --groups'), flags: list('--skip-chdir'), operands: 1 }],
  ['command', { flags: list('-p'), stops: list('-v -V') }],
  ['builtin', {}],
  ['exec', { values: list('-a'), flags: list('-c -l') }],
  ['busybox', { stops: list('--list --install --help') }],
  ['toybox', {}],
  ['setarch', { flags: list('-R -v'), operands: 1 }],
  ['unbuffer', { flags: list('-p') }],
  ['fakeroot', {}],
  [
    'xargs',
    {
      values: list('-I -n --max-args -P --max-procs -L -s --max-chars -d --delimiter -a --arg-file -E --process-slot-var'),
      flags: list('-0 --null -r --no-run-if-empty -t --verbose -x --exit -p --interactive -o --open-tty'),
      appends: true,
    },
  ],
]);

const SHELLS = new Set(list('bash sh dash ash rbash'));
const FOREIGN_SHELLS = new Set(list('zsh ksh mksh yash fish csh tcsh pwsh nu xonsh'));
const SHELL_LETTERS = /^[-+][abefhiklmnprtuvxBCEHPTc]+$/;
const SHELL_LONG = new Set(list('--login --noprofile --norc --posix --restricted --verbose --noediting'));
const REDEFINES: ReadonlyMap<string, string> = new Map([
  ['alias', 'an alias can change what a later command means'],
  ['shopt', 'it changes how the shell reads what follows'],
  ['enable', 'it can replace a builtin'],
  ['let', 'arithmetic can run commands that values hold'],
  ['coproc', 'it uses coproc'],
]);
const RESERVED = new Set(list('if then else elif fi for while until do done case esac function select in { } ! [['));
/** Programs that take a command in a way that is not worth telling apart. */
const OPAQUE = new Set(
  list('parallel su runuser script nsenter unshare setpriv systemd-run flock strace ltrace gdb watch entr at batch crontab expect'),
);
const BUILTINS_WITH_NAMES = new Set(list('printf read unset test [ declare typeset export local readonly mapfile readarray wait getopts'));

/** The program's name without a system folder before it: `/usr/bin/env` is env. */
export const bareName = (program: string): string => /^\/(?:usr\/)?(?:local\/)?s?bin\/([^/]+)$/.exec(program)?.[1] ?? program;

/** Looks through a wrapper. `stdin` tells whether a shell without operands would read commands from somewhere. */
export function innerOf(words: readonly Word[]): Inner {
  const [first, ...rest] = words;
  if (first?.value === undefined || first.value === null) return unknown('which program runs is decided only when it runs');
  if (/\s/.test(first.value) || first.value === '') return unknown('the name of a program holds a blank');
  const name = bareName(first.value);
  const wrapper = WRAPPERS.get(name);
  if (wrapper !== undefined) return unwrap(name, wrapper, rest);
  if (SHELLS.has(name)) return innerOfShell(name, rest);
  if (FOREIGN_SHELLS.has(name) && rest.length > 0) return unknown(`${name} reads another language than bash`);
  if (name === 'eval') return innerOfEval(rest);
  if (name === 'trap') return innerOfTrap(rest);
  if (name === 'find') return innerOfFind(rest);
  return innerOfOther(name, rest);
}

const unknown = (problem: string): Inner => ({ kind: 'unknown', problem });
const NONE: Inner = { kind: 'none' };

function innerOfOther(name: string, rest: readonly Word[]): Inner {
  if (RESERVED.has(name)) return unknown('a reserved word stands where a program was expected');
  const redefines = REDEFINES.get(name);
  if (redefines !== undefined && rest.length > 0) return unknown(redefines);
  if (OPAQUE.has(name) && rest.length > 0) return unknown(`${name} runs a command that was not understood`);
  if (name === 'hash' && rest.some((word) => word.value === null || word.value.startsWith('-')))
    return unknown('it can change what a program means');
  // SECURITY: these builtins evaluate a subscript in a variable's name again.
  const hides = (word: Word) => word.value !== null && /\[[\s\S]*(?:\$|`)/.test(word.value);
  if (BUILTINS_WITH_NAMES.has(name) && rest.some(hides)) return unknown('a name can run commands that its subscript holds');
  return NONE;
}

function unwrap(name: string, wrapper: Wrapper, rest: readonly Word[]): Inner {
  const start = skipOptions(wrapper, rest);
  if (start === 'stops') return NONE;
  if (start === 'unknown') return unknown(`an option of ${name} was not understood`);
  const words = rest.slice(start + (wrapper.operands ?? 0));
  if (words.length === 0)
    return rest.length === 0 || name === 'exec' || name === 'env' || name === 'time'
      ? NONE
      : unknown(`what ${name} runs was not understood`);
  return { kind: 'command', words: wrapper.appends === true ? [...words, { source: '$@', value: null }] : words };
}

/** Index of the first word that is not an option (or assignment) of the wrapper's own. */
function skipOptions(wrapper: Wrapper, rest: readonly Word[]): number | 'stops' | 'unknown' {
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index]?.value ?? null;
    // A value that is not static still only fills its option's place; anything else that is not static may be anything.
    if (word === null) return 'unknown';
    if (word === '--') return skipAssignments(wrapper, rest, index + 1);
    if (wrapper.stops?.includes(word) === true) return 'stops';
    if (!word.startsWith('-') || word === '') return skipAssignments(wrapper, rest, index);
    if (wrapper.values?.includes(word) === true) index += 1;
    else if (!isOption(wrapper, word)) return 'unknown';
  }
  return rest.length;
}

function isOption(wrapper: Wrapper, word: string): boolean {
  if (wrapper.flags?.includes(word) === true) return true;
  if (word.startsWith('--'))
    return (
      (wrapper.values ?? []).some((option) => option.startsWith('--') && word.startsWith(`${option}=`)) || isLongFlagValue(wrapper, word)
    );
  // `-n10`, `-oL`: a short option with its value glued on.
  if (wrapper.values?.includes(word.slice(0, 2)) === true) return true;
  if (/^-[0-9]+$/.test(word)) return wrapper.values?.includes('--adjustment') === true;
  return Array.from(word.slice(1)).every((letter) => wrapper.flags?.includes(`-${letter}`) === true);
}

const isLongFlagValue = (wrapper: Wrapper, word: string) =>
  wrapper.flags?.includes('--preserve-env') === true && word.startsWith('--preserve-env=');

function skipAssignments(wrapper: Wrapper, rest: readonly Word[], from: number): number {
  let index = from;
  while (wrapper.assignments === true && /^[^=]+=/.test(rest[index]?.value ?? rest[index]?.source ?? '')) index += 1;
  return index;
}

function innerOfShell(name: string, rest: readonly Word[]): Inner {
  let takesText = false;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index]?.value ?? null;
    if (word === null) return unknown(`what ${name} runs is decided only when it runs`);
    if (word === '-o' || word === '+o' || word === '-O' || word === '+O') index += 1;
    else if (SHELL_LETTERS.test(word)) takesText ||= word.startsWith('-') && word.includes('c');
    else if (word === '--' || word === '-') return shellOperand(name, takesText, rest[index + 1]);
    else if (word.startsWith('-') || word.startsWith('+')) {
      if (word === '--version' || word === '--help') return NONE;
      if (!SHELL_LONG.has(word)) return unknown(`an option of ${name} was not understood`);
    } else return shellOperand(name, takesText, rest[index]);
  }
  return shellOperand(name, takesText, undefined);
}

function shellOperand(name: string, takesText: boolean, operand: Word | undefined): Inner {
  if (!takesText) return operand === undefined ? unknown(`${name} reads its commands from its input`) : NONE;
  if (operand?.value === undefined || operand.value === null) return unknown(`what ${name} -c runs is decided only when it runs`);
  return { kind: 'text', text: operand.value };
}

function innerOfEval(rest: readonly Word[]): Inner {
  const values = rest.map((word) => word.value);
  if (values.some((value) => value === null)) return unknown('what eval runs is decided only when it runs');
  return values.length === 0 ? NONE : { kind: 'text', text: values.join(' ') };
}

function innerOfTrap(rest: readonly Word[]): Inner {
  const [action] = rest[0]?.value === '--' ? rest.slice(1) : rest;
  if (action === undefined || action.value === '' || action.value === '-' || action.value === '-p' || action.value === '-l') return NONE;
  return action.value === null ? unknown('what trap runs is decided only when it runs') : { kind: 'text', text: action.value };
}

/** `find … -exec cmd {} ;`: the first one is looked through; a second or one that is not static is not understood. */
function innerOfFind(rest: readonly Word[]): Inner {
  const at = rest.flatMap((word, index) => (/^-(?:exec|execdir|ok|okdir)$/.test(word.value ?? '') ? [index] : []));
  const [first] = at;
  if (first === undefined) return NONE;
  const end = rest.findIndex((word, index) => index > first && (word.value === ';' || word.value === '+'));
  if (at.length > 1 || end <= first + 1) return unknown('what find runs was not understood');
  return { kind: 'command', words: rest.slice(first + 1, end) };
}
