import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxLimits } from '../../../../shared/domain/sandbox.ts';
import { errnoOf } from '../../files/descriptors.ts';
import type { GroupPlan, PlannedFolder } from './group-plan.ts';

/** What the kernel counts for all processes of a command together. */
export interface GroupCounters {
  /** Processes and threads. */
  readonly processes: number;
  /** Whether the kernel killed one for want of memory. */
  readonly isMemoryOver: boolean;
}

export interface ControlGroup {
  /** Files that a process writes `0` into to join. */
  readonly joins: readonly string[];
  /** Null when they cannot be read, as after the end. */
  counters(): Promise<GroupCounters | null>;
  /** Kills what is still in it and removes it. */
  remove(): Promise<void>;
}

const prefix = 'gatehouse-';

/** When a process began, in the kernel's ticks: with the number, a name that is not used twice. Null when there is none. */
export const beginningOf = async (pid: number | 'self'): Promise<string | null> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
};

/** Makes a command's control groups. Rejects with the system's error when a needed one cannot be had. */
export const makeControlGroup = async (plan: GroupPlan, limits: SandboxLimits, name: string): Promise<ControlGroup> => {
  const planned = plan.folders(limits);
  // The kernel takes its time over the first process that changes its group, and little over those that follow at once. We join where we are already.
  const [first] = planned;
  if (first !== undefined) void writeFile(join(first.parent, 'cgroup.procs'), '0', { flag: 'r+' }).catch(() => undefined);
  const made = await Promise.allSettled(planned.map(async (folder) => makeFolder(folder, name)));
  const folders = made.map((result) => (result.status === 'fulfilled' ? result.value : null));
  const present = folders.filter((folder) => folder !== null);
  const remove = async (): Promise<void> => {
    await Promise.all(present.map(removeFolder));
  };
  const failed = made.find((result, index) => result.status === 'rejected' && planned[index]?.isNeeded === true);
  if (failed?.status === 'rejected') {
    await remove();
    throw failed.reason;
  }
  const text = async ({ folder, file }: GroupPlan['kills']): Promise<string> => readFile(join(folders[folder] ?? '/', file), 'utf8');
  return {
    joins: present.map((folder) => join(folder, 'cgroup.procs')),
    async counters() {
      try {
        return countersFrom(await text(plan.processes), await text(plan.kills));
      } catch {
        return null;
      }
    },
    remove,
  };
};

/** From a count of processes and the file that tells how many were killed; both versions have the same line for it. */
export const countersFrom = (processes: string, kills: string): GroupCounters => ({
  processes: Number(processes.trim()),
  isMemoryOver: /^oom_kill [1-9]/m.test(kills),
});

const makeFolder = async ({ parent, settings }: PlannedFolder, name: string): Promise<string> => {
  const folder = join(parent, `${prefix}${name}`);
  await mkdir(folder);
  try {
    for (const { file, value, isNeeded } of settings) {
      // Without `r+` a file that the kernel does not offer would be asked for anew.
      await writeFile(join(folder, file), value, { flag: 'r+' }).catch((error: unknown) => {
        if (isNeeded) throw error;
      });
    }
    return folder;
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
};

const attempts = 100;
const pauseMs = 20;

/** A group whose processes have only just been killed is busy for a moment; what is still in it after a second is killed. */
const removeFolder = async (folder: string): Promise<void> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const isGone = await rmdir(folder).then(
      () => true,
      (error: unknown) => errnoOf(error) === 'ENOENT',
    );
    if (isGone) return;
    if (attempt >= attempts / 2) await killAll(folder);
    await sleep(pauseMs);
  }
};

const killAll = async (folder: string): Promise<void> => {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of text.split('\n').map(Number)) {
    try {
      // 0 is a process of a namespace that we cannot see into, and would be ourselves.
      if (pid > 1) process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
};

/** Removes what gateways that are no more have left behind. */
export const removeStaleGroups = async (plan: GroupPlan, limits: SandboxLimits): Promise<void> => {
  for (const { parent } of plan.folders(limits)) {
    for (const name of await readdir(parent).catch(() => [])) {
      const match = /^gatehouse-(\d+)-(\d+)-\d+$/.exec(name);
      if (match === null) continue;
      if ((await beginningOf(Number(match[1]))) === match[2]) continue;
      await killAll(join(parent, name));
      await removeFolder(join(parent, name));
    }
  }
};
