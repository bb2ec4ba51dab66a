import type { SandboxLimits } from '../../../shared/domain/sandbox.ts';
import { sandboxHome } from '../../core/sandbox/sandbox-home.ts';
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
  /** The folder that is shown as /etc. */
  readonly settings: string;
  /** Of the HOME that is kept; null: an empty one on the private /tmp. */
  readonly homeFd: number | null;
  /** The certificates of a network that needs its own; null: the system's. */
  readonly trust: { readonly fd: number; readonly path: string } | null;
  /** Further files and folders of the host, shown as they are, unchangeable. Each lies in none of the workspaces. */
  readonly reads: readonly string[];
  /** Whether the network namespace is the one that it was started in, which then is not the host's. */
  readonly isNetworkJoined: boolean;
  readonly workspaces: readonly { readonly fd: number; readonly path: string }[];
  /** Whether the workspaces can only be read. */
  readonly readOnly: boolean;
}

const mebibyte = 1024 * 1024;

const emptyHome = '/tmp/home';

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
    ...[
      '--unshare-all',
      ...(options.isNetworkJoined ? ['--share-net'] : []),
      '--unshare-user',
      '--uid',
      String(options.uid),
      '--gid',
      String(options.gid),
      '--hostname',
      'sandbox',
    ],
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
    ...['--ro-bind', options.settings, '/etc'],
    ...['--proc', '/proc'],
    ...['--dev', '/dev', ...temporary('/dev/shm', Math.max(mebibyte, temporaryBytes / 4)), '--remount-ro', '/dev'],
    ...temporary('/tmp', temporaryBytes),
    ...['--dir', '/var', '--symlink', '../tmp', '/var/tmp', '--dir', '/run'],
    ...(options.homeFd === null
      ? ['--perms', '0700', '--dir', emptyHome, '--symlink', emptyHome, sandboxHome]
      : ['--bind-fd', String(options.homeFd), sandboxHome]),
    ...(options.trust === null ? [] : ['--perms', '0444', '--ro-bind-data', String(options.trust.fd), options.trust.path]),
    // SECURITY: their mount points lie on the root, which is ours and becomes read-only; HOME, which commands write to, is elsewhere.
    ...options.reads.flatMap((path) => ['--ro-bind-try', path, path]),

    // SECURITY: by descriptor, not by name: what was checked is what is mounted.
    ...options.workspaces.flatMap(({ fd, path }) => [options.readOnly ? '--ro-bind-fd' : '--bind-fd', String(fd), path]),
    // The root itself is in memory, too: read-only, it cannot be filled.
    ...['--remount-ro', '/'],
    ...['--chdir', options.cwd],
    '--',
  ];
};
