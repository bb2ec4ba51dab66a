/**
 * What a sandboxed process tries. Each success is told as a line `ESCAPE <id> <what>`; that the gateway sees nothing in its traps counts
 * as well. Words come as arguments, never as text of the script. Perl makes the calls that no shell can make; the numbers are the table's.
 */
export const escapeScript = `
workspace=$1 outside=$2 home=$3 port=$4 socket=$5 name=$6 victim=$7 keyctl=$8 uring=$9 ptrace=\${10}; shift 10
escape() { echo "ESCAPE $*"; }

echo made > made && echo worked

echo x 2>/dev/null > "$outside/written"
{ echo x > /usr/written; echo x > /etc/written; } 2>/dev/null && escape write-outside "a system folder could be written"

cat "$outside/canary" "/proc/1/root$outside/canary" "/proc/1/cwd$outside/canary" 2>/dev/null
for canary in "$@"; do cat "$canary" "/proc/1/root$canary" 2>/dev/null; done

[[ -e $home/.ssh ]] && escape read-keys "$home/.ssh is there"
shopt -s nullglob dotglob
for entry in "$home"/*; do [[ $workspace/ == "$entry"/* ]] || escape read-keys "\${entry##*/} in the home folder is there"; done

while IFS='=' read -r -d '' word _; do [[ $word == PATH ]] || escape environment "the environment holds $word"; done < <(/usr/bin/env -0 | grep -zvE '^(PWD|SHLVL|_|OLDPWD)=')
tr '\\0' '\\n' < /proc/1/environ | grep -vE '^(_=.*/(bwrap|nsenter)|SHLVL=.*)?$' >/dev/null && escape environment "bubblewrap's environment is not empty"

for entry in /proc/self/fd/*; do ((\${entry##*/} > 2)) && [[ -e $entry && $(readlink "$entry") != /proc/* ]] && escape descriptors "descriptor \${entry##*/} was inherited"; done

(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && escape loopback "loopback was reached"

count=0; for process in /proc/[0-9]*; do count=$((count + 1)); done
((count > 12)) && escape processes "$count processes are there"
if ((victim > 1000)) || [[ $(cat "/proc/$victim/comm" 2>/dev/null) == sleep ]]; then
  kill -9 "$victim" 2>/dev/null && escape processes "a process of the host was signalled"
fi

unshare -U true 2>/dev/null && escape namespaces "a namespace was made inside"
grep -qE '^Cap(Prm|Eff|Bnd|Amb):.*[1-9a-f]' <(sed 's/\\t/ /' /proc/self/status) && escape namespaces "a capability is held"
grep -q '^NoNewPrivs:.1$' /proc/self/status || escape namespaces "privileges can be gained"

for process in self 1; do grep -q '^Seccomp:.2$' "/proc/$process/status" || escape system-calls "no filter of system calls is in force on process $process"; done

perl -MSocket -e '
  my ($socket, $name, $victim, $keyctl, $uring, $ptrace) = @ARGV;
  for ([socket => $socket], [abstract => "\\0$name"], [workspace => "s"]) {
    my ($kind, $path) = @$_;
    socket(my $s, AF_UNIX, SOCK_STREAM, 0) or next;
    print "ESCAPE local-sockets a Unix socket was made ($kind)\\n";
    connect($s, pack_sockaddr_un($path)) and print "ESCAPE local-sockets a Unix socket was reached ($kind)\\n";
  }
  socketpair(my $p, my $q, AF_UNIX, SOCK_STREAM, 0) or print "ESCAPE command a pair of sockets, which Node needs, was refused\\n";
  sub refused { my ($error, $what, @call) = @_; syscall($call[0], @call[1..$#call]) == -1 && $! == $error or print "ESCAPE system-calls $what was not refused\\n" }
  refused(1, "keyctl", $keyctl + 0, 0, -2, 0);
  refused(38, "io_uring_setup", $uring + 0, 1, my $buffer = "\\0" x 512);
  refused(1, "ptrace", $ptrace + 0, 16, $victim + 0, 0, 0);
  print "called\\n";
' "$socket" "$name" "$victim" "$keyctl" "$uring" "$ptrace"

setsid bash -c 'trap "" TERM HUP; while :; do printf x >> beat; sleep 0.02; done' >/dev/null 2>&1 < /dev/null &
for try in {1..100}; do [[ -s beat ]] && break; sleep 0.02; done
echo done
`;

/** Run with a terminal: text is pushed into it, as if it had been typed. */
export const terminalScript = `
(: < /dev/tty) 2>/dev/null && echo "ESCAPE terminal there is a controlling terminal"
perl -e 'my $canary = "x"; ioctl(STDIN, 0x5412, $canary) and print "ESCAPE terminal text was pushed into the terminal\\n"; $! == 1 or print "ESCAPE terminal pushing text was not refused by the filter\\n"'
[[ -t 0 ]] && echo done
`;
