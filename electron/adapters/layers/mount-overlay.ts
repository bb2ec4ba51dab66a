import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readlink, statfs, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Held } from './descriptors.ts';

const OVERLAYFS = 0x794c7630;
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const setUpLimitMs = 20_000;
const stderrLimit = 2000;

/**
 * Runs in the new namespaces, one round for each workspace: its path, its upper and work folders, and the descriptors on which the gateway
 * holds the three. The kernel mounts only what was opened in the same mount namespace, so each is opened again, and
 * SECURITY: compared with what is held; from there on only descriptors are named, so that neither a comma nor a link in a path means anything.
 * `-w`: the kernel falls back to a read-only overlay when it cannot use the work folder. Without the gateway, `read` ends.
 */
const script = `
fd=6
while [ $# -gt 0 ]; do
  exec 3<"$1" 4<"$2" 5<"$3" || exit 3
  [ /proc/self/fd/3 -ef /proc/self/fd/$fd ] || exit 4
  [ /proc/self/fd/4 -ef /proc/self/fd/$((fd+1)) ] || exit 4
  [ /proc/self/fd/5 -ef /proc/self/fd/$((fd+2)) ] || exit 4
  mount -i -c -t overlay -o lowerdir=/proc/self/fd/3,upperdir=/proc/self/fd/4,workdir=/proc/self/fd/5,userxattr overlay /proc/self/fd/3 || exit 5
  [ -w "$1" ] || exit 6
  fd=$((fd+3)); shift 3
done
echo; read -r _`;

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

/**
 * Mounts each source over its own path in new user and mount namespaces. `unshare` is the whole path of util-linux's program.
 * Errors: `unavailable` with what the programs said.
 */
export const mountOverlays = async (unshare: string, sources: readonly OverlaySource[]): Promise<MountedOverlays> => {
  const paths = sources.flatMap(({ workspace, upperPath, workPath }) => [workspace, upperPath, workPath]);
  const descriptors = sources.flatMap(({ lower, upper, work }) => [lower.handle.fd, upper.handle.fd, work.handle.fd]);
  const child = spawn(
    unshare,
    ['--user', '--map-root-user', '--mount', '--propagation', 'private', '/bin/sh', '-c', script, 'sh', ...paths],
    {
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', ...descriptors],
    },
  );
  // What the script was told to wait for may be closed under us; that is no failure.
  child.stdin?.on('error', () => undefined);
  const opened: FileHandle[] = [];
  try {
    await isMounted(child);
    const at = async (path: string, flags: number): Promise<FileHandle> => {
      const handle = await open(`/proc/${String(child.pid)}/${path}`, flags);
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
    child.stdin?.destroy();
    child.kill('SIGKILL');
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

const isMounted = async (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    const failed = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      reject(new AppError('unavailable', `the copy-on-write layer could not be mounted: ${why}`, { cause }));
    };
    const timer = setTimeout(() => {
      failed(`it took longer than ${setUpLimitMs / 1000} s`);
    }, setUpLimitMs);
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(0, stderrLimit);
    });
    child.stdout?.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    child.once('error', (error) => {
      failed('unshare did not start', error);
    });
    child.once('close', (code) => {
      failed(said.trim() === '' ? (reasons.get(code) ?? `the program ended with ${String(code)}`) : said.trim().replace(/\s+/g, ' '));
    });
  });

const reasons = new Map<number | null, string>([
  [4, 'a folder was replaced by another meanwhile'],
  [6, 'the kernel made it read-only'],
]);
