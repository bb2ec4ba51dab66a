import type { SandboxLimits } from '../../../shared/domain/sandbox.ts';
import type { HostSystem } from './host-system.ts';

export interface BwrapOptions {
  readonly host: HostSystem;
  readonly limits: SandboxLimits;
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Descriptor numbers as bubblewrap sees them. */
  readonly statusFd: number;
  readonly seccompFd: number;
  readonly data: readonly { readonly fd: number; readonly path: string }[];
  readonly workspaces: readonly { readonly fd: number; readonly path: string }[];
  /** Whether the workspaces can only be read. */
  readonly readOnly: boolean;
}

const mebibyte = 1024 * 1024;

/** HOME inside. It lies on the private /tmp and is gone with it. */
export const sandboxHome = '/tmp/home';

/**
 * The arguments of bubblewrap. The order matters: bubblewrap applies mounts as it reads them. We start from an empty root and add
 * what is needed (THREATS rule 10); nothing is taken away from a copy of the host's.
 */
export const bwrapArguments = (options: BwrapOptions): readonly string[] => {
  const { host, limits } = options;
  const temporaryBytes = limits.tmpfs_mb * mebibyte;
  const temporary = (path: string, bytes: number): string[] => ['--size', String(bytes), '--perms', '1777', '--tmpfs', path];
  return [
    ...['--json-status-fd', String(options.statusFd)],
    // SECURITY: its own user, network, process, IPC, host name and cgroup namespaces. Also as root, who then is root of nothing.
    ...['--unshare-all', '--unshare-user', '--uid', String(options.uid), '--gid', String(options.gid), '--hostname', 'sandbox'],
    ...['--cap-drop', 'ALL'],
    // SECURITY: the kernel's doors, see resources/sandbox/seccomp.yaml. Also in force on what bubblewrap leaves behind as process 1.
    ...['--seccomp', String(options.seccompFd)],
    // SECURITY: no namespaces inside, from where most kernel holes are reached.
    '--disable-userns',
    // SECURITY: a new session, so that no input can be pushed into a terminal of ours (TIOCSTI); no process outlives the gateway.
    ...['--new-session', '--die-with-parent'],
    ...['--clearenv', ...Object.entries(options.env).flatMap(([name, value]) => ['--setenv', name, value])],

    ...['--ro-bind', '/usr', '/usr'],
    ...host.links.flatMap(({ path, target }) => ['--symlink', target, path]),
    ...host.folders.flatMap((path) => ['--ro-bind', path, path]),
    ...['--dir', '/etc'],
    ...host.settings.flatMap((path) => ['--ro-bind-try', path, path]),
    ...options.data.flatMap(({ fd, path }) => ['--perms', '0444', '--ro-bind-data', String(fd), path]),
    ...['--proc', '/proc'],
    ...['--dev', '/dev', ...temporary('/dev/shm', Math.max(mebibyte, temporaryBytes / 4)), '--remount-ro', '/dev'],
    ...temporary('/tmp', temporaryBytes),
    ...['--perms', '0700', '--dir', sandboxHome],
    ...['--dir', '/var', '--symlink', '../tmp', '/var/tmp', '--dir', '/run'],

    // SECURITY: by descriptor, not by name: what was checked is what is mounted.
    ...options.workspaces.flatMap(({ fd, path }) => [options.readOnly ? '--ro-bind-fd' : '--bind-fd', String(fd), path]),
    // The root itself is in memory, too: read-only, it cannot be filled.
    ...['--remount-ro', '/'],
    ...['--chdir', options.cwd],
    '--',
  ];
};

/** Files of ours in place of the host's: names for the two users there are, and no host but this one. */
export const syntheticFiles = (uid: number, gid: number): readonly { readonly path: string; readonly content: string }[] => {
  const root = uid === 0 ? '' : 'root:x:0:0:root:/nonexistent:/bin/false\n';
  const rootGroup = gid === 0 ? '' : 'root:x:0:\n';
  return [
    {
      path: '/etc/passwd',
      content: `${root}sandbox:x:${uid}:${gid}:sandbox:${sandboxHome}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
    },
    { path: '/etc/group', content: `${rootGroup}sandbox:x:${gid}:\nnogroup:x:65534:\n` },
    { path: '/etc/hosts', content: '127.0.0.1 localhost sandbox\n::1 localhost\n' },
    { path: '/etc/nsswitch.conf', content: 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n' },
  ];
};
