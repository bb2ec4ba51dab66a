import { readFile } from 'node:fs/promises';
import type { SandboxLimits } from '../../../shared/domain/sandbox.ts';

const mebibyte = 1024 * 1024;

/** The words of prlimit(1) that put limits in force on what follows them. Nothing can be written and, as an ordinary user, no process started. */
export const limitWords = async (limits: SandboxLimits): Promise<readonly string[]> => {
  const hard = hardLimits(await readFile('/proc/self/limits', 'utf8'));
  const option = (name: string, kernelName: string, wanted: number): string => {
    const value = Math.min(wanted, hard.get(kernelName) ?? Infinity);
    return `--${name}=${value}:${value}`;
  };
  return [
    '/usr/bin/prlimit',
    option('core', 'Max core file size', 0),
    // SECURITY: whatever a program might be talked into, it writes no byte to any file.
    option('fsize', 'Max file size', 0),
    option('nproc', 'Max processes', 1),
    option('cpu', 'Max cpu time', limits.cpu_s),
    option('nofile', 'Max open files', limits.open_files),
    option('data', 'Max data size', limits.memory_mb * mebibyte),
    '--',
  ];
};

/** The hard limits in force, from the text of /proc/self/limits: asking for more than they allow would fail. */
const hardLimits = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const match = /^(Max .+?) {2,}\S+ +(\S+)/.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] === 'unlimited' ? Infinity : Number(match[2])] as const];
    }),
  );
