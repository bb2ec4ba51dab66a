/**
 * The words that go before a command inside the sandbox: it begins only when it is certain that it cannot be left behind.
 *
 * bubblewrap's first process inside binds its life to the process outside, but only after it has left that one's session. Were everything
 * outside killed in between, as when the gateway dies, nothing would end it. So the command waits until that process sleeps, which it
 * does for the first time when it is bound, and then asks outside (`RunnerCommand.gate`). An answer proves that the process outside was still
 * there, and so that the bond was made in time. Without one, nothing has run, and nothing stays.
 */
export const goAheadArgv: readonly string[] = [
  '/bin/sh',
  '-c',
  [
    'while read -r __pid __name __state __rest < /proc/1/stat && [ "$__state" != S ]; do :; done',
    // SECURITY: no answer, no command; and the command gets neither end.
    'echo >&4 && read -r __answer <&3 || exit 137',
    'exec 3<&- 4>&-',
    'unset OLDPWD SHLVL',
    'exec "$@"',
  ].join('\n'),
  'go-ahead',
];
