/** One attempt: a script of bash that prints GOT, or a secret, or changes what it must not. `$1` is a file with a secret, `$2` this process. */
export interface EscapeAttempt {
  readonly title: string;
  readonly script: string;
  /** Where the same script succeeds: bare; as root of a user namespace; or in the layer's namespaces without bubblewrap. */
  readonly control: 'bare' | 'userns' | 'joined';
}

/** Never in a message of error that repeats the script. */
const got = "printf 'G%s\\n' OT";
/** A system call by its number on x86_64 or arm64; what it answers decides. */
const call = (x64: number, arm64: number, args: string, succeeds = '$r >= 0'): string =>
  `perl -e '$n = (\`uname -m\` =~ /x86/) ? ${x64} : ${arm64}; $b = "\\0" x 256; ($u, $k, $t, $p, $me) = ("user", "k", "tmpfs", "/", $$ + 0); $r = syscall($n, ${args}); print "G", "OT\\n" if ${succeeds}'`;
/** A request to a terminal: refused by the filter, whatever the file is. */
const ioctl = (request: string): string =>
  `perl -e '$n = (\`uname -m\` =~ /x86/) ? 16 : 29; $b = "x"; $r = syscall($n, 0, ${request}, $b); print "G", "OT\\n" if $r >= 0 || $! != 1'`;

export const processAttempts: readonly EscapeAttempt[] = [
  {
    title: 'read the environment of any process',
    control: 'bare',
    script: 'for p in /proc/[0-9]*; do tr "\\0" "\\n" < $p/environ; done 2>/dev/null',
  },
  {
    title: 'read a secret through the root of any process',
    control: 'bare',
    script: 'for p in /proc/[0-9]* /proc/self /proc/thread-self; do cat "$p/root$1"; done 2>/dev/null',
  },
  {
    title: 'read a secret through the folder of any process',
    control: 'bare',
    script: 'for p in /proc/[0-9]* /proc/self; do cat "$p/cwd/../../../../../../$1"; done 2>/dev/null',
  },
  {
    title: 'find an open file of any process',
    control: 'bare',
    script: `for f in /proc/[0-9]*/fd/*; do [ "$(readlink "$f" 2>/dev/null)" = "$1" ] && ${got}; done`,
  },
  { title: 'signal the gateway', control: 'bare', script: `kill -0 "$2" && ${got}` },
  { title: 'signal everybody', control: 'userns', script: `kill -0 "$PPID" && [ "$PPID" -gt 1 ] && ${got}` },
  { title: 'be traced', control: 'bare', script: call(101, 117, '0, 0, 0, 0') },
  { title: 'read another process’s memory by process_vm_readv', control: 'bare', script: call(310, 270, '$me, 0, 0, 0, 0, 0') },
  { title: 'take a descriptor of another process', control: 'bare', script: call(438, 438, 'syscall(434, $me, 0), 0, 0') },
  { title: 'compare processes', control: 'bare', script: call(312, 272, '$me, $me, 0, 0, 0') },
  { title: 'set up io_uring', control: 'bare', script: call(425, 425, '1, $b') },
  { title: 'reach the session’s keyring', control: 'bare', script: call(250, 219, '0, -3, 1') },
  { title: 'add a key', control: 'bare', script: call(248, 217, '$u, $k, $b, 1, -2') },
  { title: 'watch its own page faults', control: 'bare', script: call(323, 282, '1') },
  { title: 'make a user namespace', control: 'bare', script: `unshare -U true && ${got}` },
  { title: 'make a user namespace by clone', control: 'bare', script: call(56, 220, '0x10000011, 0, 0, 0, 0', '$r > 0') },
  { title: 'make a mount namespace', control: 'userns', script: `unshare -m true && ${got}` },
  { title: 'make a network namespace', control: 'userns', script: `unshare -n true && ${got}` },
  {
    title: 'join a namespace',
    control: 'userns',
    script: `perl -e '$n = (\`uname -m\` =~ /x86/) ? 308 : 268; open(F, "/proc/self/ns/uts"); print "G", "OT\\n" if syscall($n, fileno(F), 0) == 0'`,
  },
  {
    title: 'mount a file system',
    control: 'userns',
    script: `mkdir -p /tmp/m$$ && mount -t tmpfs x /tmp/m$$ && ${got}; umount /tmp/m$$ 2>/dev/null; rmdir /tmp/m$$`,
  },
  { title: 'mount by the newer calls', control: 'userns', script: call(430, 430, '$t, 0') },
  { title: 'take a tree of mounts', control: 'userns', script: call(428, 428, '-100, $p, 0x8001') },
  { title: 'change the root', control: 'userns', script: `chroot / true && ${got}` },
  { title: 'name the host', control: 'userns', script: `unshare -u hostname evil && ${got}` },
  { title: 'push input into a terminal', control: 'bare', script: ioctl('0x5412') },
  { title: 'push input with high bits set', control: 'bare', script: ioctl('0x100005412') },
  { title: 'paste on the console', control: 'bare', script: ioctl('0x541C') },
  { title: 'open a local socket', control: 'bare', script: `perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) and print "G", "OT\\n"'` },
  {
    title: 'open a pair of datagram sockets',
    control: 'bare',
    script: `perl -MSocket -e 'socketpair(A, B, AF_UNIX, SOCK_DGRAM, 0) and print "G", "OT\\n"'`,
  },
  { title: 'talk to netfilter', control: 'bare', script: `perl -MSocket -e 'socket(S, 16, 3, 12) and print "G", "OT\\n"'` },
  {
    title: 'write into /etc as commands see it',
    control: 'joined',
    script: `for f in "$3"/*/passwd; do echo x >> "$f"; done; (echo x >> /etc/hostname) 2>/dev/null; grep -q '^x$' "$3"/*/passwd && ${got}`,
  },
];

export const layerAttempts: readonly EscapeAttempt[] = [
  { title: 'unmount the layer and write the real files', control: 'joined', script: 'umount -l "$PWD"; cd / && echo x > "$OLDPWD/old"' },
  { title: 'see the layer’s own folders', control: 'joined', script: `ls "$4"/*/*/* > /dev/null && ${got}` },
  {
    title: 'write into the layer’s own folders',
    control: 'joined',
    script: `for f in "$4"/task_*; do touch "$f/planted" && rm "$f/planted" && ${got}; done`,
  },
  {
    title: 'mount the layer anew, unchangeable',
    control: 'joined',
    script: `mount -o remount,bind,ro "$PWD" && ${got}; mount -o remount,bind,rw "$PWD"`,
  },
  { title: 'mount something over the layer', control: 'joined', script: `mount -t tmpfs x real && ${got}; umount real` },
  {
    title: 'bind the folder beside the workspace into it',
    control: 'joined',
    script: 'mount --bind "$(dirname "$1")" real && cat real/id_ed25519; umount real',
  },
];
