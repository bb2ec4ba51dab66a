import type { RunnerCommand } from '../../core/ports/runner.ts';
import { quoted } from './shell-words.ts';

/** SECURITY: nobody's start-up files and functions: without `--norc`, bash reads ~/.bashrc when its standard input is a socket, and without `-p` BASH_ENV. */
const bash = ['/bin/bash', '--norc', '-p', '-c'] as const;

/** Descriptor of a pipe that the gateway holds the other end of for as long as the program runs; the program itself does not get it. */
export const lifeline = 3;

/** What has to be known when a launcher is started; a program is handed only to one that was started with the same. */
export type LauncherShape = Pick<RunnerCommand, 'env' | 'cwd' | 'gate' | 'input'>;

type Instructed = Pick<RunnerCommand, 'argv' | 'descriptors' | 'gate' | 'tty' | 'input' | 'groups' | 'umask'>;

/**
 * What is really started: a fixed line of bash that makes ready what every program needs, closes every descriptor that is not meant for it, reads
 * its instructions, and becomes the program. Node marks its own descriptors close-on-exec, but neither Chromium nor an addon need do so, and
 * bubblewrap passes on whatever it is given.
 */
const lineOf = (kind: 'piped' | 'terminal', isGated: boolean): string =>
  [
    // SECURITY: whatever moment the gateway is killed at, its end of the lifeline closes, and this kills the whole group. bubblewrap's own bond with
    // its parent begins only once it has started. A terminal's lifeline is its hanging up, which the first process inside would not hear.
    kind === 'terminal'
      ? "{ trap 'kill -KILL 0' HUP; /bin/sleep infinity & wait; } > /dev/null 2>&1 < /dev/null &"
      : `{ read -r -u ${lifeline}; kill -KILL 0; } > /dev/null 2>&1 < /dev/null &`,
    // SECURITY: answers only as long as the program is its parent; from the moment that the kernel tells those bound to the program of its end, it is not.
    ...(isGated ? ['coproc { read -r && read -r _ _ _ parent _ < /proc/self/stat && [[ $parent == "$$" ]] && echo; } 2> /dev/null'] : []),
    // Node's pipes are sockets, which nothing can open by name: `> /dev/stderr` would fail. cat ends with the last writer.
    ...(kind === 'terminal' ? [] : [`exec > >(exec /bin/cat ${lifeline}<&-)`]),
    ...(isGated ? ['exec 3</proc/self/fd/${COPROC[0]} 4>/proc/self/fd/${COPROC[1]} || exit 126'] : []),
    // SECURITY: no inherited descriptors (THREATS rule 10). The instructions open what the program gets.
    `for entry in /proc/self/fd/*; do number=\${entry##*/}; if ((number > ${isGated ? 4 : 2})); then exec {number}<&-; fi; done`,
    // bash sets these; the program's environment is the one it was given, and `_`, its own path.
    'export -n PWD SHLVL OLDPWD',
    // SECURITY: all of the instructions or none: they are as many bytes as was announced.
    kind === 'terminal' ? 'instructions=$1; shift' : 'read -r length && LC_ALL=C IFS= read -r -N "$length" instructions || exit 137',
    'eval "$instructions"',
    'exec "$@"',
  ].join('\n');

/**
 * What one program needs beyond its words: its descriptors, opened by way of our own process; its control groups, which it joins itself, so that
 * nothing of it runs outside them; its mask. Nothing in it is anybody's text but ours.
 */
const instructionsFor = ({ descriptors, gate, tty, input, groups = [], umask }: Instructed, ownPid: number): string => {
  const first = gate === true ? 5 : 3;
  const opened = descriptors.map(({ fd, access }, index) => {
    if (!Number.isSafeInteger(fd) || fd < 0) throw new RangeError('a descriptor is a non-negative integer');
    return `${first + index}${access === 'read' ? '<' : '>'}/proc/${ownPid}/fd/${fd}`;
  });
  return [
    `exec ${[...(tty || input === true ? [] : ['</dev/null']), ...opened, '2>&1'].join(' ')} || exit 126`,
    ...groups.map((file) => `echo 0 > ${quoted(file)} || exit 126`),
    ...(umask === undefined ? [] : [`umask 0${(umask & 0o777).toString(8)}`]),
  ].join('\n');
};

/** Starts what waits for instructions on its standard input. */
export const waitingArgv = ({ gate }: LauncherShape): readonly [string, ...string[]] => [...bash, lineOf('piped', gate === true)];

/** What makes a waiting launcher the program. SECURITY: each of the program's words stands between quotes and is read back as it is. */
export const writtenInstructions = (command: Instructed, ownPid: number): Uint8Array => {
  const text = Buffer.from(`${instructionsFor(command, ownPid)}\nset -- ${command.argv.map(quoted).join(' ')}\n`);
  return Buffer.concat([Buffer.from(`${text.length}\n`), text]);
};

/** Starts the program in a terminal at once: there the instructions and the program's own words travel as arguments. */
export const terminalArgv = (command: Instructed, ownPid: number): readonly [string, ...string[]] => [
  ...bash,
  lineOf('terminal', command.gate === true),
  'launcher',
  instructionsFor(command, ownPid),
  ...command.argv,
];
