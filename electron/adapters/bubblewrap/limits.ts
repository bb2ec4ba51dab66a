/** What one sandboxed command may use, beside its time and its output. */
export interface SandboxLimits {
  /** Processes and threads together. Not enforced by Linux for root. */
  readonly processes: number;
  readonly openFiles: number;
  /** Size of one file, in bytes. */
  readonly fileBytes: number;
  /** Private memory of one process, in bytes. */
  readonly memoryBytes: number;
  /** /tmp and HOME together, in bytes; they are kept in memory. */
  readonly temporaryBytes: number;
  /** /dev/shm, in bytes. */
  readonly sharedMemoryBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: SandboxLimits = {
  processes: 512,
  openFiles: 4096,
  fileBytes: 4096 * mebibyte,
  memoryBytes: 8192 * mebibyte,
  temporaryBytes: 1024 * mebibyte,
  sharedMemoryBytes: 256 * mebibyte,
};

/**
 * The hard limits in force, from the text of /proc/self/limits. Asking for more than they allow would fail, so the lower one is used.
 */
export const hardLimits = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const match = /^(Max .+?) {2,}\S+ +(\S+)/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] === 'unlimited' ? Infinity : Number(match[2])] as const];
    }),
  );

/** The words of prlimit(1) that put the limits in force on what follows them. */
export const prlimitArgv = (limits: SandboxLimits, hard: ReadonlyMap<string, number>): readonly string[] => {
  const option = (name: string, kernelName: string, wanted: number): string => {
    const value = Math.min(wanted, hard.get(kernelName) ?? Infinity);
    return `--${name}=${value}:${value}`;
  };
  return [
    '/usr/bin/prlimit',
    option('core', 'Max core file size', 0),
    option('nproc', 'Max processes', limits.processes),
    option('nofile', 'Max open files', limits.openFiles),
    option('fsize', 'Max file size', limits.fileBytes),
    option('data', 'Max data size', limits.memoryBytes),
    '--',
  ];
};
