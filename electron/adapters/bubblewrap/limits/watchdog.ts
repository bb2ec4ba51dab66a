import type { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import type { SandboxResult } from '../../../core/ports/sandbox.ts';
import type { GroupCounters } from './control-group.ts';
import { mebibyte } from './prlimit.ts';
import { findSandboxProcesses, type SandboxProcesses } from './sandbox-processes.ts';

export type LimitName = NonNullable<SandboxResult['limit']>;

export interface WatchdogDeps {
  /** The program that was started, in the gateway's own process namespace. */
  readonly pid: number;
  readonly limits: SandboxLimits;
  /** What a control group counts, where there is one; then the processes need not be looked at one by one. */
  readonly counters: (() => Promise<GroupCounters | null>) | null;
  /** Bytes on disk that the command is answerable for; each is asked in its own time. */
  readonly disk: readonly (() => Promise<number>)[];
  /** Called once, when the command has gone over a limit. */
  readonly kill: () => void;
  /** How often to look. Milliseconds. */
  readonly intervalMs?: number;
  /** Called when the processes, or their counters, have been seen for the first time. */
  readonly onSeen?: () => void;
}

export interface Watch {
  /** Ends it, after a last look at the counters. What the command was killed for, or lost a process for; null when it kept within its limits. */
  stop(): Promise<LimitName | null>;
}

/** Short commands are over before it is worth looking. */
const firstMs = 20;
/** How much of the time looking may take: one fifth for processes, one tenth for the disk. */
const rest = { processes: 4, disk: 9 };
/** bubblewrap itself: its first process inside, and the one outside, which a control group counts as well. */
const own = { inside: 1, grouped: 2 };

/** Looks at a command's processes and disk while it runs and has it killed when it goes over. Costs nothing after `stop`. */
export const startWatchdog = ({ pid, limits, counters, disk, kill, intervalMs = 200, onSeen = () => undefined }: WatchdogDeps): Watch => {
  const memoryBytes = limits.memory_mb * mebibyte;
  let over: LimitName | null = null;
  const ending = new AbortController();
  const hasStopped = (): boolean => ending.signal.aborted;
  let processes: SandboxProcesses | null = null;
  const wakers = new Set<() => void>();
  const pause = async (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      wakers.add(wake);
    });

  const lookAtCounters = (found: GroupCounters): LimitName | null => {
    onSeen();
    if (found.isMemoryOver) return 'memory';
    return found.processes > limits.processes + own.grouped ? 'processes' : null;
  };
  const lookAtProcesses = async (): Promise<LimitName | null> => {
    processes ??= await findSandboxProcesses(pid);
    const most = limits.processes + own.inside;
    const found = await processes?.usage({ processes: most, memoryBytes });
    if (found === undefined || found === null) return null;
    onSeen();
    if (found.processes > most) return 'processes';
    return found.memoryBytes !== null && found.memoryBytes > memoryBytes ? 'memory' : null;
  };
  const look = async (): Promise<LimitName | null> => {
    const found = (await counters?.()) ?? null;
    return found === null ? await lookAtProcesses() : lookAtCounters(found);
  };
  const lookAtDisk = async (bytes: () => Promise<number>): Promise<LimitName | null> =>
    (await bytes()) > limits.disk_mb * mebibyte ? 'disk' : null;

  const repeat = async (once: () => Promise<LimitName | null>, share: number): Promise<void> => {
    await pause(firstMs);
    while (!hasStopped()) {
      const began = performance.now();
      // Whatever cannot be read now (a process that has just ended, a folder that is being changed) is read the next time.
      const found = await once().catch(() => null);
      if (found !== null && !hasStopped()) {
        over ??= found;
        kill();
        return;
      }
      if (hasStopped()) return;
      await pause(Math.max(intervalMs, share * (performance.now() - began)));
    }
  };
  const loops = [repeat(look, rest.processes), ...disk.map(async (bytes) => repeat(async () => lookAtDisk(bytes), rest.disk))];

  return {
    async stop() {
      ending.abort();
      for (const wake of [...wakers]) wake();
      await loops[0];
      await processes?.close();
      if (over === null && counters !== null && (await counters())?.isMemoryOver === true) return 'memory';
      return over;
    },
  };
};
