import { readFile } from 'node:fs/promises';
import type { SandboxLimits } from '../../../../shared/domain/sandbox.ts';

export const mebibyte = 1024 * 1024;

/** What the kernel refuses lies a little above what the watchdog kills at, so that a command which goes over is seen to. */
export const processHeadroom = 8;

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

export const readHardLimits = async (): Promise<ReadonlyMap<string, number>> => hardLimits(await readFile('/proc/self/limits', 'utf8'));

/**
 * The words of prlimit(1) that put the limits in force on what follows them, inside the sandbox. `isGrouped`: memory and processes are held
 * back for all together by a control group; otherwise each process gets the whole of both. Linux does not count the processes of root.
 */
export const prlimitArgv = (limits: SandboxLimits, hard: ReadonlyMap<string, number>, isGrouped: boolean): readonly string[] => {
  const option = (name: string, kernelName: string, wanted: number): string => {
    const value = Math.min(wanted, hard.get(kernelName) ?? Infinity);
    return `--${name}=${value}:${value}`;
  };
  const each = [
    option('nproc', 'Max processes', limits.processes + processHeadroom),
    option('data', 'Max data size', limits.memory_mb * mebibyte),
  ];
  return [
    '/usr/bin/prlimit',
    option('core', 'Max core file size', 0),
    option('nofile', 'Max open files', limits.open_files),
    option('fsize', 'Max file size', limits.file_mb * mebibyte),
    option('cpu', 'Max cpu time', limits.cpu_s),
    ...(isGrouped ? [] : each),
    '--',
  ];
};
