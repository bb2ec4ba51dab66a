import { constants } from 'node:fs';
import { open, readFile, readdir, stat, statfs, type FileHandle } from 'node:fs/promises';

/** What all processes of one sandbox use together. */
export interface Usage {
  /** Processes and threads. */
  readonly processes: number;
  /** Bytes, shared memory counted once; null when that many processes were found that memory was not looked at. */
  readonly memoryBytes: number | null;
}

/** A sandbox's processes as its own /proc lists them: every one of its process namespace, whatever it did to leave its parents. */
export interface SandboxProcesses {
  /** Null when there are none any more. */
  usage(limit: { readonly processes: number; readonly memoryBytes: number }): Promise<Usage | null>;
  close(): Promise<void>;
}

const procMagic = 0x9fa0;
const deepest = 3;
/** Reads in flight, of the four that libuv does at once. */
const atOnce = 4;

/** Looks for the sandbox below a program that was started; null when it is not there yet, or no more. */
export const findSandboxProcesses = async (pid: number): Promise<SandboxProcesses | null> => {
  const host = (await stat('/proc')).dev;
  const search = async (parent: number, depth: number): Promise<FileHandle | null> => {
    const text = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
    for (const child of text.split(' ').filter((each) => each !== '')) {
      const folder = await openProc(`/proc/${child}/root/proc`, host);
      const found = folder ?? (depth < deepest ? await search(Number(child), depth + 1) : null);
      if (found !== null) return found;
    }
    return null;
  };
  const folder = await search(pid, 1);
  return folder === null ? null : processesIn(folder);
};

/** A /proc that is not the gateway's own: until bubblewrap has changed its root, it would be. */
const openProc = async (path: string, host: number): Promise<FileHandle | null> => {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => null);
  if (folder === null) return null;
  const isSandbox = await Promise.all([folder.stat(), statfs(`/proc/self/fd/${folder.fd}`)]).then(
    ([{ dev }, { type }]) => dev !== host && type === procMagic,
    () => false,
  );
  if (isSandbox) return folder;
  await folder.close();
  return null;
};

const processesIn = (folder: FileHandle): SandboxProcesses => {
  const path = `/proc/self/fd/${folder.fd}`;
  const read = async (name: string, file: string): Promise<string> => readFile(`${path}/${name}/${file}`, 'utf8').catch(() => '');
  return {
    async usage(limit) {
      const names = (await readdir(path).catch(() => [])).filter((name) => /^\d+$/.test(name));
      if (names.length === 0) return null;
      // A fork bomb is not counted to its end.
      if (names.length > limit.processes) return { processes: names.length, memoryBytes: null };
      const found = await inTurns(names, async (name) => {
        const text = await read(name, 'status');
        return { name, threads: numberIn(text, 'Threads') ?? 0, resident: (numberIn(text, 'VmRSS') ?? 0) * 1024 };
      });
      const processes = sum(found.map(({ threads }) => threads));
      const resident = sum(found.map((each) => each.resident));
      // What is resident is never less than the share, and much cheaper to ask for.
      if (resident <= limit.memoryBytes) return { processes, memoryBytes: resident };
      const shares = await inTurns(found, async ({ name, resident: whole }) => {
        const share = numberIn(await read(name, 'smaps_rollup'), 'Pss');
        return share === null ? whole : share * 1024;
      });
      return { processes, memoryBytes: sum(shares) };
    },
    close: async () => folder.close(),
  };
};

const numberIn = (text: string, name: string): number | null => {
  const match = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text);
  return match?.[1] === undefined ? null : Number(match[1]);
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const inTurns = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  return results;
};
