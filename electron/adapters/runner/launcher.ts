import type { RunnerCommand } from '../../core/ports/runner.ts';

const bash = '/bin/bash';

/** Descriptor of a pipe that the gateway holds the other end of for as long as the program runs; the program itself does not get it. */
export const lifeline = 3;

/**
 * What is really started: a fixed line of bash that hands over the descriptors meant for the program, closes every other one, and
 * becomes the program. Node marks its own descriptors close-on-exec, but neither Chromium nor an addon need do so, and bubblewrap
 * passes on whatever it is given. It joins its control groups itself, so that nothing of the program runs outside them. The program's
 * own words travel as arguments and are never part of the line.
 */
export const launcherArgv = (
  command: Pick<RunnerCommand, 'argv' | 'descriptors' | 'gate' | 'tty' | 'groups' | 'umask'>,
  ownPid: number,
): readonly [string, ...string[]] => {
  const isGated = command.gate === true;
  const first = isGated ? 5 : 3;
  const opened = command.descriptors.map(({ fd, access }, index) => {
    if (!Number.isSafeInteger(fd) || fd < 0) throw new RangeError('a descriptor is a non-negative integer');
    return `${first + index}${access === 'read' ? '<' : '>'}/proc/${ownPid}/fd/${fd}`;
  });
  const last = first + opened.length - 1;
  const groups = command.groups ?? [];
  const line = [
    // SECURITY: whatever moment the gateway is killed at, its end of the lifeline closes, and this kills the whole group. bubblewrap's own bond with
    // its parent begins only once it has started. A terminal's lifeline is its hanging up, which the first process inside would not hear.
    command.tty
      ? "{ trap 'kill -KILL 0' HUP; /bin/sleep infinity & wait; } > /dev/null 2>&1 < /dev/null &"
      : `{ read -r -u ${lifeline}; kill -KILL 0; } > /dev/null 2>&1 &`,
    // SECURITY: answers only as long as the program is its parent; from the moment that the kernel tells those bound to the program of its end, it is not.
    ...(isGated ? ['coproc { read -r && read -r _ _ _ parent _ < /proc/self/stat && [[ $parent == "$$" ]] && echo; } 2> /dev/null'] : []),
    // Node's pipes are sockets, which nothing can open by name: `> /dev/stderr` would fail. cat ends with the last writer.
    ...(command.tty ? [] : [`exec > >(exec /bin/cat ${lifeline}<&-)`]),
    `exec ${[...(isGated ? ['3</proc/self/fd/${COPROC[0]} 4>/proc/self/fd/${COPROC[1]}'] : []), ...opened, '2>&1'].join(' ')} || exit 126`,
    // SECURITY: no inherited descriptors (THREATS rule 10).
    `for entry in /proc/self/fd/*; do number=\${entry##*/}; if ((number > ${last})); then exec {number}<&-; fi; done`,
    // SECURITY: after cat, which is not the program's to starve, and before the program.
    ...groups.map(() => 'echo 0 > "$1" || exit 126; shift'),
    // bash sets these; the program's environment is the one it was given, and `_`, its own path.
    'unset entry number',
    'export -n PWD SHLVL OLDPWD',
    ...(command.umask === undefined ? [] : [`umask 0${(command.umask & 0o777).toString(8)}`]),
    'exec "$@"',
  ].join('\n');
  return [bash, '-c', line, 'launcher', ...groups, ...command.argv];
};
