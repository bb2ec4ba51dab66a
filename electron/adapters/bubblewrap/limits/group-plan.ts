import { dirname } from 'node:path';
import type { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import type { OwnGroups } from './own-groups.ts';
import { mebibyte, processHeadroom } from './prlimit.ts';

/** One control group to make: where, and what is written into it. */
export interface PlannedFolder {
  readonly parent: string;
  readonly settings: readonly { readonly file: string; readonly value: string; readonly isNeeded: boolean }[];
  /** Whether commands may run without it. */
  readonly isNeeded: boolean;
}

/** The control groups of one command, below the gateway's own, so that what holds the gateway back holds its commands back, too. */
export interface GroupPlan {
  readonly version: 'cgroup-v1' | 'cgroup-v2';
  folders(limits: SandboxLimits): readonly PlannedFolder[];
  /** Relative to the folders of the plan: which file, in the folder of that number, tells of processes, and which of kills. */
  readonly processes: { readonly folder: number; readonly file: string };
  readonly kills: { readonly folder: number; readonly file: string };
}

const period = 100_000;
const setting = (file: string, value: number | string, isNeeded = true): PlannedFolder['settings'][number] => ({
  file,
  value: String(value),
  isNeeded,
});
const tasks = ({ processes }: SandboxLimits): number => processes + processHeadroom;

const planV1 = (memory: string, pids: string, cpu: string | undefined): GroupPlan => ({
  version: 'cgroup-v1',
  folders: (limits) => [
    {
      parent: memory,
      isNeeded: true,
      settings: [
        setting('memory.limit_in_bytes', limits.memory_mb * mebibyte),
        // Missing where the kernel does not count swap.
        setting('memory.memsw.limit_in_bytes', limits.memory_mb * mebibyte, false),
      ],
    },
    { parent: pids, isNeeded: true, settings: [setting('pids.max', tasks(limits))] },
    ...(cpu === undefined
      ? []
      : [
          {
            parent: cpu,
            isNeeded: false,
            // Refused where it is more than the gateway itself may use, which then holds anyway.
            settings: [
              setting('cpu.cfs_period_us', period, false),
              setting('cpu.cfs_quota_us', (limits.cpu_percent * period) / 100, false),
            ],
          },
        ]),
  ],
  processes: { folder: 1, file: 'pids.current' },
  kills: { folder: 0, file: 'memory.oom_control' },
});

const planV2 = (parent: string): GroupPlan => ({
  version: 'cgroup-v2',
  folders: (limits) => [
    {
      parent,
      isNeeded: true,
      settings: [
        setting('memory.max', limits.memory_mb * mebibyte),
        setting('memory.swap.max', 0, false),
        setting('memory.oom.group', 1, false),
        setting('pids.max', tasks(limits)),
        setting('cpu.max', `${(limits.cpu_percent * period) / 100} ${period}`, false),
      ],
    },
  ],
  processes: { folder: 0, file: 'pids.current' },
  kills: { folder: 0, file: 'memory.events' },
});

/** What could be tried here, best first. A group of version 2 that holds processes may not have children with limits, but its siblings may. */
export const groupPlans = ({ v1, v2 }: OwnGroups): readonly GroupPlan[] => {
  const [memory, pids] = [v1.get('memory'), v1.get('pids')];
  return [
    ...(v2 === null ? [] : [planV2(v2), planV2(dirname(v2))]),
    ...(memory === undefined || pids === undefined ? [] : [planV1(memory, pids, v1.get('cpu'))]),
  ];
};
