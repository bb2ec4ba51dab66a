import { constants } from 'node:fs';
import { open, readlink, statfs, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Runner, RunnerResult } from '../../core/ports/runner.ts';
import type { Held } from './descriptors.ts';

const OVERLAYFS = 0x794c7630;
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const setUpLimitMs = 20_000;
const ready = 'mounted\n';

/**
 * Runs in the new namespaces, one round for each workspace: its path, its upper and work folders, and the descriptors on which the gateway
 * holds the three. The kernel mounts only what was opened in the same mount namespace, so each is opened again, and
 * SECURITY: compared with what is held; from there on only descriptors are named, so that neither a comma nor a link in a path means anything.
 * `-w`: the kernel falls back to a read-only overlay when it cannot use the work folder. It stops and waits to be killed.
 */
const script = `
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
fd=5
while [ $# -gt 0 ]; do
  exec 0<"$1" 3<"$2" 4<"$3" || exit 3
  [ /proc/self/fd/0 -ef /proc/self/fd/$fd ] || exit 4
  [ /proc/self/fd/3 -ef /proc/self/fd/$((fd+1)) ] || exit 4
  [ /proc/self/fd/4 -ef /proc/self/fd/$((fd+2)) ] || exit 4
  mount -i -c -t overlay -o lowerdir=/proc/self/fd/0,upperdir=/proc/self/fd/3,workdir=/proc/self/fd/4,userxattr overlay /proc/self/fd/0 || exit 5
  [ -w "$1" ] || exit 6
  fd=$((fd+3)); shift 3
done
echo mounted; kill -STOP $$`;

/** A folder below, and where what is written over it goes; all held. */
export interface OverlaySource {
  readonly workspace: string;
  readonly lower: Held;
  readonly upperPath: string;
  readonly upper: Held;
  readonly workPath: string;
  readonly work: Held;
}

/** Overlays in a mount namespace of their own, which lives as long as these descriptors and the processes that joined it. */
export interface MountedOverlays {
  readonly user: FileHandle;
  readonly mount: FileHandle;
  /** Of the merged folders, in the order of the sources. */
  readonly roots: readonly FileHandle[];
}

/** What mounts: util-linux's program by its whole path. */
export interface MountPrograms {
  readonly runner: Runner;
  readonly unshare: string;
}

/** Mounts each source over its own path in new user and mount namespaces. Errors: `unavailable` with what the programs said. */
export const mountOverlays = async (programs: MountPrograms, sources: readonly OverlaySource[]): Promise<MountedOverlays> => {
  const ending = new AbortController();
  const opened: FileHandle[] = [];
  try {
    const pid = await startMount(programs, sources, ending.signal);
    const at = async (path: string, flags: number): Promise<FileHandle> => {
      const handle = await open(`/proc/${pid}/${path}`, flags);
      opened.push(handle);
      return handle;
    };
    const user = await at('ns/user', constants.O_RDONLY);
    const mount = await at('ns/mnt', constants.O_RDONLY);
    const roots: FileHandle[] = [];
    for (const { workspace } of sources) {
      const root = await at(`root${workspace}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      await checkRoot(root, workspace);
      roots.push(root);
    }
    return { user, mount, roots };
  } catch (error) {
    await Promise.all(opened.map(async (handle) => handle.close()));
    throw error;
  } finally {
    // The descriptors keep the namespaces; the process has served.
    ending.abort();
  }
};

/** SECURITY: what is handed out as the layer is the overlay, and never the real folder below it. */
const checkRoot = async (root: FileHandle, workspace: string): Promise<void> => {
  const at = `/proc/self/fd/${root.fd}`;
  if ((await statfs(at)).type !== OVERLAYFS || (await readlink(at)) !== workspace) {
    throw new AppError(
      'unavailable',
      `the copy-on-write layer of ${workspace} is not what was mounted: the folder was moved meanwhile; try again`,
    );
  }
};

/** Resolves to the process in the new namespaces once everything is mounted there. */
const startMount = async ({ runner, unshare }: MountPrograms, sources: readonly OverlaySource[], signal: AbortSignal): Promise<number> => {
  const paths = sources.flatMap(({ workspace, upperPath, workPath }) => [workspace, upperPath, workPath]);
  const held = sources.flatMap(({ lower, upper, work }) => [lower, upper, work]);
  return new Promise((resolve, reject) => {
    let pid: number | null = null;
    let said = '';
    const ended = runner.run(
      {
        argv: [unshare, '--user', '--map-root-user', '--mount', '--propagation', 'private', '/bin/sh', '-c', script, 'sh', ...paths],
        env: {},
        cwd: '/',
        // Never asked. With it, whatever is started ahead for a command serves here as well.
        gate: true,
        ahead: true,
        descriptors: held.map(({ handle }) => ({ fd: handle.fd, access: 'read' as const })),
        tty: false,
        timeoutMs: setUpLimitMs,
        outputLimit: 2000,
      },
      signal,
      {
        onStarted: (program) => (pid = program.pid),
        onOutput(chunk) {
          said += chunk;
          if (pid !== null && said.endsWith(ready)) resolve(pid);
        },
      },
    );
    ended.then(
      (result) => reject(failed(whyEnded(result))),
      (error: unknown) => reject(failed(`${unshare} did not start`, error)),
    );
  });
};

const failed = (why: string, cause?: unknown): AppError =>
  new AppError('unavailable', `the copy-on-write layer could not be mounted: ${why}`, { cause });

const whyEnded = ({ exit, output }: RunnerResult): string => {
  if (exit.kind === 'timed_out') return `it took longer than ${setUpLimitMs / 1000} s`;
  if (output.trim() !== '') return output.trim().replace(/\s+/g, ' ');
  return (exit.kind === 'exited' ? reasons.get(exit.code) : undefined) ?? `the program ended: ${JSON.stringify(exit)}`;
};

const reasons = new Map<number, string>([
  [4, 'a folder was replaced by another meanwhile'],
  [6, 'the kernel made it read-only'],
]);
