import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import { countersFrom, type GroupCounters } from './control-group.ts';
import { mebibyte, processHeadroom } from './prlimit.ts';

export interface ScopeDeps {
  /** Absolute path of systemd-run. */
  readonly systemdRun: string;
  /** XDG_RUNTIME_DIR, where the user's systemd listens. */
  readonly runtimeDir: string;
}

/** The words that put what follows them into a scope of the user's systemd, and the environment that they, and only they, need. */
export const scopeArgv = ({ systemdRun }: ScopeDeps, limits: SandboxLimits, unit: string): readonly string[] => [
  systemdRun,
  ...['--user', '--scope', '--quiet', '--collect', `--unit=${unit}`],
  ...['-p', `MemoryMax=${limits.memory_mb * mebibyte}`, '-p', 'MemorySwapMax=0'],
  ...['-p', `TasksMax=${limits.processes + processHeadroom}`, '-p', `CPUQuota=${limits.cpu_percent}%`],
  '--',
  // SECURITY: bubblewrap's environment can be read inside, so that systemd-run's is not passed on.
  ...['/usr/bin/env', '-i'],
];

export const scopeEnvironment = ({ runtimeDir }: ScopeDeps): Readonly<Record<string, string>> => ({
  XDG_RUNTIME_DIR: runtimeDir,
  DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(runtimeDir, 'bus')}`,
});

/** Prints the scope that it runs in and the limits in force there: what the trial compares. */
export const scopeTrial =
  'IFS=: read -r _ _ group < <(grep ^0:: /proc/self/cgroup); cat "/sys/fs/cgroup$group"/{memory.max,pids.max}; echo "$group"';

/** Whether the trial's output shows that the limits hold. */
export const isScopeWorking = (output: string, limits: SandboxLimits, unit: string): boolean => {
  const [memory, pids, group = ''] = output.trim().split('\n');
  return (
    Number(memory) === limits.memory_mb * mebibyte && Number(pids) === limits.processes + processHeadroom && group.endsWith(`/${unit}`)
  );
};

/** What the kernel counts for the scope that a started program is in by now; null before it is, and where that cannot be read. */
export const scopeCounters = async (pid: number, unit: string): Promise<GroupCounters | null> => {
  try {
    const group = /^0::(\/.*)$/m.exec(await readFile(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
    if (group === undefined || !group.endsWith(`/${unit}`)) return null;
    const folder = join('/sys/fs/cgroup', group);
    return countersFrom(await readFile(join(folder, 'pids.current'), 'utf8'), await readFile(join(folder, 'memory.events'), 'utf8'));
  } catch {
    return null;
  }
};
