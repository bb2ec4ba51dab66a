import { open, readFile, type FileHandle } from 'node:fs/promises';

/** Descriptors of ours, of namespaces that a program joins before it starts. */
export interface JoinedNamespaces {
  readonly user: number | null;
  readonly mount: number | null;
  readonly network: number | null;
}

export const nsenter = '/usr/bin/nsenter';

/**
 * The words that go before a program so that it starts in these namespaces. They are named by way of our own process and not handed
 * over: bubblewrap would pass the descriptors on, and with them a way out (THREATS rule 10).
 */
export const joinArgv = ({ user, mount, network }: JoinedNamespaces): readonly string[] => {
  const option = (name: string, fd: number | null): string[] => (fd === null ? [] : [`--${name}=/proc/${process.pid}/fd/${fd}`]);
  const options = [...option('user', user), ...option('mount', mount), ...option('net', network)];
  return options.length === 0 ? [] : [nsenter, ...options, '--preserve-credentials', '--'];
};

/** bubblewrap tells in its status file which process it made. Null until it has, and when that is no child of `bwrap` (any more). */
export const childOf = async (status: FileHandle, bwrap: number): Promise<number | null> => {
  const { buffer, bytesRead } = await status.read(Buffer.alloc(4096), 0, 4096, 0);
  const match = /"child-pid": *(\d+)/.exec(buffer.subarray(0, bytesRead).toString());
  const pid = Number(match?.[1] ?? 0);
  return pid > 0 && (await isChild(pid, bwrap)) ? pid : null;
};

const isChild = async (pid: number, parent: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === parent;
};

/** Opens a namespace of the process that bubblewrap made; null when it is gone. */
export const openNamespace = async (status: FileHandle, bwrap: number, kind: 'net' | 'user'): Promise<FileHandle | null> => {
  const pid = await childOf(status, bwrap);
  if (pid === null) return null;
  const handle = await open(`/proc/${pid}/ns/${kind}`).catch(() => null);
  // SECURITY: had the number been taken by another process in between, it would not be a child of bubblewrap's.
  if (handle !== null && !(await isChild(pid, bwrap))) {
    await handle.close();
    return null;
  }
  return handle;
};
