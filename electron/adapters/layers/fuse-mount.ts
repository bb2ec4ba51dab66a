import { spawn, type ChildProcess } from 'node:child_process';
import { constants, type BigIntStats } from 'node:fs';
import { open, readlink, statfs, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Held } from './descriptors.ts';
import { holderScript, serverScript } from './fuse-scripts.ts';

const FUSE_SUPER = 0x65735546;
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const setUpLimitMs = 20_000;
const endLimitMs = 5_000;
const stderrLimit = 2000;

/** The programs that this kind of layer stands on, each by its whole path. */
export interface FusePrograms {
  readonly unshare: string;
  readonly bash: string;
  readonly bwrap: string;
  readonly fuseOverlayfs: string;
}

/** A folder below, and the folder with `upper` and `work` in it; all held. */
export interface FuseSource {
  readonly workspace: string;
  readonly lower: Held;
  readonly layerPath: string;
  readonly upper: Held;
  readonly work: Held;
}

/** Views in a mount namespace of their own. They are served exactly until `end`, or until the gateway is gone. */
export interface MountedFuse {
  readonly user: FileHandle;
  readonly mount: FileHandle;
  /** Of the merged folders, in the order of the sources. */
  readonly roots: readonly FileHandle[];
  /** Ends the programs that serve the views, and waits until none of them is left. */
  readonly end: () => Promise<void>;
}

const nameOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

/**
 * Mounts each source over its own path in new user and mount namespaces, served by one fuse-overlayfs each.
 * Errors: `unavailable` with what the programs said.
 */
export const mountFuse = async (programs: FusePrograms, sources: readonly FuseSource[]): Promise<MountedFuse> => {
  const { unshare, bash, bwrap, fuseOverlayfs } = programs;
  const words = sources.flatMap(({ workspace, layerPath, lower, upper, work }) => [
    workspace,
    layerPath,
    ...[lower, upper, work].map((held) => nameOf(held.stat)),
  ]);
  // A namespace of processes: when its first one ends, which waits for us, the kernel ends all of them.
  const namespaces = ['--user', '--map-root-user', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const child = spawn(unshare, [...namespaces, bash, '-c', holderScript, 'layers', bwrap, fuseOverlayfs, serverScript, ...words], {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // What the script was told to wait for may be closed under us; that is no failure.
  child.stdin.on('error', () => undefined);
  const opened: FileHandle[] = [];
  try {
    await isServed(child);
    const at = async (path: string, flags: number): Promise<FileHandle> => {
      const handle = await open(`/proc/${String(child.pid)}/${path}`, flags);
      opened.push(handle);
      return handle;
    };
    const user = await at('ns/user', constants.O_RDONLY);
    const mount = await at('ns/mnt', constants.O_RDONLY);
    const roots: FileHandle[] = [];
    for (const { workspace, lower } of sources) {
      const root = await at(`root${workspace}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      await checkRoot(root, workspace, lower);
      roots.push(root);
    }
    letRun(child);
    return { user, mount, roots, end: async () => end(child) };
  } catch (error) {
    await Promise.all(opened.map(async (handle) => handle.close()));
    await end(child);
    throw error;
  }
};

/** SECURITY: what is handed out as the layer is what was mounted, and never the real folder below it, even where that is served by FUSE itself. */
const checkRoot = async (root: FileHandle, workspace: string, lower: Held): Promise<void> => {
  const at = `/proc/self/fd/${root.fd}`;
  const isMounted = (await statfs(at)).type === FUSE_SUPER && (await root.stat({ bigint: true })).dev !== lower.stat.dev;
  if (!isMounted || (await readlink(at)) !== workspace) {
    throw new AppError(
      'unavailable',
      `the copy-on-write layer of ${workspace} is not what was mounted: the folder was moved meanwhile; try again`,
    );
  }
};

/** Neither it nor its pipes keep the gateway from ending. */
const letRun = (child: ChildProcess): void => {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe !== null && 'unref' in pipe) (pipe as { unref(): void }).unref();
};

const end = async (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    child.ref();
    // It ends when its input does; the kernel lets it go only after everything in its namespace of processes.
    const timer = setTimeout(() => child.kill('SIGKILL'), endLimitMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.stdin?.destroy();
  });

const isServed = async (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    const failed = (why: string, cause?: unknown): void => {
      clearTimeout(timer);
      reject(new AppError('unavailable', `fuse-overlayfs could not be mounted: ${why}`, { cause }));
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
      const reason = reasons.get(code);
      const detail = said.trim().replace(/\s+/g, ' ');
      failed([reason, detail].filter((part) => part !== undefined && part !== '').join(': ') || `the program ended with ${String(code)}`);
    });
  });

const reasons = new Map<number | null, string>([
  [3, '/dev/fuse cannot be opened'],
  [4, 'a folder was replaced by another meanwhile, or fuse-overlayfs could not be confined'],
  [6, 'it does not answer, or shows a folder that cannot be written'],
]);
