import { describe, expect, it } from 'vitest';
import { callNumber, ownArchitecture, runFiltered, shippedFilter } from './filtered-program.ts';

/** Errors by number: linux/errno-base.h. */
const errors = { EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;

/**
 * Each is attempted with every capability of a user namespace. With the filter it must get this error; without it, anything else: the control.
 * Words are Perl: `$b` is a buffer, `$f` a file that exists.
 */
const attempts: readonly (readonly [keyof typeof errors, string, string])[] = [
  ['EPERM', 'socket', '1, 1, 0'],
  ['EPERM', 'socket', '0xdeadbeef00000001, 1, 0'],
  ['EAFNOSUPPORT', 'socket', '17, 3, 0'],
  ['EPROTONOSUPPORT', 'socket', '2, 3, 255'],
  ['EPROTONOSUPPORT', 'socket', '16, 3, 15'],
  ['EPERM', 'socketpair', '1, 2, 0, $b'],
  ['EPERM', 'clone', '0x10000011, 0, 0, 0, 0'],
  ['EPERM', 'clone', '0x40000011, 0, 0, 0, 0'],
  ['ENOSYS', 'clone3', '0, 0'],
  ['EPERM', 'unshare', '0x10000000'],
  ['EPERM', 'unshare', '0x20000'],
  ['EPERM', 'setns', '-1, 0'],
  ['EPERM', 'mount', '"none", "/tmp", "tmpfs", 0, 0'],
  ['EPERM', 'umount2', '"/tmp/none", 0'],
  ['EPERM', 'pivot_root', '"/tmp/none", "/tmp/none"'],
  ['EPERM', 'chroot', '"/tmp"'],
  ['EPERM', 'move_mount', '-1, "x", -1, "x", 0'],
  ['EPERM', 'open_tree', '-100, "/tmp", 0'],
  ['EPERM', 'fsopen', '"tmpfs", 0'],
  ['EPERM', 'fsconfig', '-1, 0, 0, 0, 0'],
  ['EPERM', 'fsmount', '-1, 0, 0'],
  ['EPERM', 'fspick', '-1, "x", 0'],
  ['EPERM', 'mount_setattr', '-1, "x", 0, 0, 0'],
  ['ENOSYS', 'io_uring_setup', '1, $b'],
  ['EPERM', 'add_key', '"user", "x", "y", 1, -2'],
  ['EPERM', 'request_key', '"user", "none", 0, 0'],
  ['EPERM', 'keyctl', '0, -2, 0'],
  ['EPERM', 'ptrace', '0, 0, 0, 0'],
  ['EPERM', 'process_vm_readv', '$$, 0, 0, 0, 0, 0'],
  ['EPERM', 'process_vm_writev', '$$, 0, 0, 0, 0, 0'],
  ['EPERM', 'pidfd_getfd', '-1, 0, 0'],
  ['EPERM', 'kcmp', '$$, $$, 1, 0, 0'],
  ['EPERM', 'bpf', '0, $b, 1048576'],
  ['EPERM', 'perf_event_open', '$b, 0, 0, 0, -1'],
  ['EPERM', 'userfaultfd', '1'],
  ['EPERM', 'fanotify_init', '0x200, 0'],
  ['EPERM', 'name_to_handle_at', '-100, "/tmp", $b, $b, 0'],
  ['EPERM', 'personality', '0x40000'],
  ['EPERM', 'ioctl', '-1, 0x5412, $b'],
  ['EPERM', 'ioctl', '-1, 0xdeadbeef00005412, $b'],
  ['EPERM', 'ioctl', '-1, 0x541c, $b'],
  ['EPERM', 'mknod', '"/tmp/device", 0020600, 0'],
  ['EPERM', 'mknodat', '-100, "/tmp/device", 0020600, 0'],
  ['EPERM', 'chmod', '$f, 04755'],
  ['EPERM', 'chmod', '$f, 0xdeadbeef00000000 | 02755'],
  ['EPERM', 'fchmod', '0, 04755'],
  ['EPERM', 'fchmodat', '-100, $f, 04755'],
  ['EPERM', 'fchmodat2', '-100, $f, 04755, 0'],
  ['EPERM', 'creat', '"/tmp/made", 04755'],
  ['EPERM', 'open', '"/tmp/made", 0101, 04755'],
  ['EPERM', 'openat', '-100, "/tmp/made", 0101, 02755'],
  ['ENOSYS', 'openat2', '-100, $f, 0, 0'],
  ['EPERM', 'swapon', '$f, -1'],
  ['EPERM', 'reboot', '0, 0, 0, 0'],
  ['EPERM', 'sethostname', '"x", 1'],
  ['EPERM', 'clock_settime', '999, 0'],
  ['EPERM', 'move_pages', '0, 0, 0, 0, 0, 255'],
];

/** Things that must go on working. */
const allowed: readonly (readonly [string, string])[] = [
  ['socket', '2, 1, 6'],
  ['socket', '10, 2, 0'],
  ['socket', '16, 3, 0'],
  ['socketpair', '1, 1, 0, $b'],
  ['chmod', '$f, 01755'],
  ['fchmodat', '-100, $f, 0600'],
  ['openat', '-100, "/tmp/made", 0101, 0755'],
  ['openat', '-100, $f, 0, 07777'],
  ['mknodat', '-100, "/tmp/pipe", 0010600, 0'],
  ['clone', '17, 0, 0, 0, 0'],
  ['personality', '0xffffffff'],
];

/** Perl that makes each call in a process of its own and prints the error's number, 0 for none. Perl is on every Debian; Python is not. */
const perlOf = (calls: readonly (readonly [number, string])[]): readonly string[] => {
  const program = `
    use POSIX (); no warnings; $| = 1; our ($f, $b) = ('/tmp/file', "\\0" x 4096);
    sub attempt {
      my ($index, $number, @words) = @_; my $pid = fork // die;
      if ($pid) { waitpid $pid, 0; return }
      open STDIN, '>', $f; my $me = $$;
      my $made = syscall($number, @words); my $error = $made == -1 ? $! + 0 : 0;
      print "$index:$error\\n" if $$ == $me; POSIX::_exit(0);
    }
    ${calls.map(([number, words], index) => `attempt(${index}, ${number}, ${words});`).join('\n')}`;
  return ['perl', '-e', program];
};

/** The error's number of each call, by its words; calls that this architecture does not have are left out. */
const errorsOf = (filter: Uint8Array | null, calls: readonly (readonly [string, string])[]): Readonly<Record<string, number>> => {
  const numbered = calls.flatMap(([call, words]) => {
    const number = callNumber(call);
    return number === null ? [] : [{ number, words, name: `${call}(${words})` }];
  });
  const { output } = runFiltered(filter, perlOf(numbered.map(({ number, words }) => [number, words] as const)));
  const found = new Map(output.split('\n').map((line) => line.split(':') as [string, string]));
  return Object.fromEntries(numbered.map(({ name }, index) => [name, Number(found.get(String(index)))]));
};

/** An ELF program of three instructions that asks the 32-bit interface to end it with code 7. */
const oldProgram = (): Buffer => {
  const header = '7f454c46020101000000000000000000' + '02003e0001000000' + '7800400000000000' + '4000000000000000' + '00'.repeat(8);
  const rest = '00000000' + '4000380001000000' + '00000000';
  const segment = '0100000005000000' + '00'.repeat(8) + '0000400000000000'.repeat(2) + '8400000000000000'.repeat(2) + '0010000000000000';
  return Buffer.from(header + rest + segment + 'b801000000' + 'bb07000000' + 'cd80', 'hex');
};

/** The filter on real bubblewrap: what it refuses, each with a control, and what goes on working. */
export const describeFilter = (who: string): void => {
  describe(`F59: system calls refused to ${who}`, () => {
    const refused = errorsOf(
      shippedFilter(),
      attempts.map(([, call, words]) => [call, words]),
    );
    const bare = errorsOf(
      null,
      attempts.map(([, call, words]) => [call, words]),
    );
    const here = attempts.filter(([, call]) => callNumber(call) !== null);

    it.each(here)('%s for %s(%s), and something else without the filter', (error, call, words) => {
      const name = `${call}(${words})`;
      expect(refused[name]).toBe(errors[error]);
      expect(bare[name]).toBeGreaterThanOrEqual(0);
      expect(bare[name]).not.toBe(errors[error]);
    });

    it('attempts most calls of the table, and without the filter most of them work', () => {
      expect(here.length).toBeGreaterThan(45);
      expect(Object.values(bare).filter((error) => error === 0).length).toBeGreaterThan(25);
    });

    it('allows what ordinary programs use', () => {
      const zeros = (filter: Uint8Array | null): number[] => Object.values(errorsOf(filter, allowed)).filter((error) => error !== 0);
      expect([zeros(shippedFilter()), zeros(null)]).toEqual([[], []]);
    });

    it('permits local sockets where the profile does, and nothing else with them', () => {
      const asked = [
        ['socket', '1, 1, 0'],
        ['socketpair', '1, 2, 0, $b'],
        ['socket', '17, 3, 0'],
        ['unshare', '0x10000000'],
      ] as const;
      expect(Object.values(errorsOf(shippedFilter(true), asked))).toEqual([0, 0, errors.EAFNOSUPPORT, errors.EPERM]);
      expect(Object.values(errorsOf(shippedFilter(false), asked))).toEqual([errors.EPERM, errors.EPERM, errors.EAFNOSUPPORT, errors.EPERM]);
    });

    // aarch64 has no second interface that a program of 64 bits could call.
    if (ownArchitecture() === 'x86_64') {
      it('kills a program that asks by the 32-bit interface', () => {
        const bytes = oldProgram().toString('hex');
        const script = `open F, '>', '/tmp/old'; print F pack 'H*', '${bytes}'; close F; chmod 0755, '/tmp/old'; exec '/tmp/old'`;
        const run = (filter: Uint8Array | null): number | null => runFiltered(filter, ['perl', '-e', script]).code;
        // bubblewrap answers 128 and the signal's number: SIGSYS is 31.
        expect(run(shippedFilter())).toBe(128 + 31);
        expect(run(null)).not.toBe(128 + 31);
      });
    }
  });

  describe(`F59: programs of ${who} that the filter lets work`, () => {
    const filter = shippedFilter();

    it('Node: children by pipes and by socket pairs, workers, files, servers on loopback, network interfaces', () => {
      const script = `
        const { fork, execFileSync, spawnSync } = require('node:child_process'), fs = require('node:fs'), net = require('node:net');
        const { Worker } = require('node:worker_threads');
        fs.writeFileSync('child.js', 'process.on("message", (m) => { process.send(m + 1); process.disconnect(); })');
        fs.chmodSync('child.js', 0o755); fs.cpSync('child.js', 'copy.js'); fs.mkdtempSync('made-');
        console.log(execFileSync('/bin/echo', ['one']).toString().trim(), spawnSync('cat', { input: 'two' }).stdout.toString());
        console.log(Object.keys(require('node:os').networkInterfaces()).join());
        const server = net.createServer((socket) => socket.end('three')).listen(0, '127.0.0.1', () =>
          net.connect(server.address().port, '127.0.0.1').on('data', (data) => console.log(String(data))).on('close', () => server.close(() => {
            new Worker('console.log("four")', { eval: true }).on('exit', () => {
              const child = fork('child.js'); child.on('message', (m) => console.log(m)); child.send(4);
            });
          })));`;
      expect(runFiltered(filter, [process.execPath, '-e', script])).toMatchObject({ code: 0, output: 'one two\nlo\nthree\nfour\n5\n' });
    });

    it('git: a repository with commits, a clone, and its status', () => {
      const script = `set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
        git init -q repo; cd repo; echo x > file; git add file; git commit -qm one; git mv file moved; git commit -qm two
        git clone -q . ../clone; cd ../clone; git log --format=%s; echo y >> moved; git status --short; git gc -q`;
      expect(runFiltered(filter, ['/bin/bash', '-c', script])).toMatchObject({ code: 0, output: 'two\none\n M moved\n' });
    });

    it('npm, tar, perl with a pseudo-terminal, and python where it is installed', () => {
      const script = `set -e; npm --version; mkdir -p in; echo x > in/file; tar cf a.tar in; rm -r in; tar xf a.tar; cat in/file; cp -a in copy
        script -qec 'tty >/dev/null && echo terminal' /dev/null
        if [ -x /usr/bin/python3 ]; then /usr/bin/python3 -c 'import subprocess, socket, tempfile; a, b = socket.socketpair(); subprocess.run(["true"], check=True)'; fi; echo end`;
      const result = runFiltered(filter, ['/bin/bash', '-c', script]);
      expect(result.output).toMatch(/^\d+\.\d+\.\d+\nx\nterminal\r?\nend\n$/);
      expect(result.code).toBe(0);
    });
  });
};
