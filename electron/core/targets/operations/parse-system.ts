import type { JsonObject } from '../../../../shared/json.ts';

const lines = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line.trim() !== '');
const words = (text: string | undefined): string[] => (text ?? '').trim().split(/\s+/);
const number = (text: string | undefined): number | null => {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) ? null : value;
};

/** Of uname, /proc/loadavg with /proc/uptime, /proc/meminfo, and df, in this order. Sizes in bytes, times in seconds. */
export const parseStatus = ([uname, load, memory, disks]: readonly string[]): JsonObject => {
  const [loadLine, uptimeLine] = lines(load);
  const kib = new Map(lines(memory).map((line) => [line.split(':', 1)[0] ?? '', number(words(line)[1])]));
  const bytes = (key: string): number | null => {
    const value = kib.get(key) ?? null;
    return value === null ? null : value * 1024;
  };
  return {
    system: (uname ?? '').trim(),
    load: words(loadLine).slice(0, 3).map(number),
    uptime_s: number(words(uptimeLine)[0]),
    memory: { total: bytes('MemTotal'), available: bytes('MemAvailable'), swap_total: bytes('SwapTotal'), swap_free: bytes('SwapFree') },
    disks: lines(disks)
      .slice(1)
      .map((line) => {
        const [device = '', total, used, free, , ...mount] = words(line);
        return { device, total: number(total), used: number(used), free: number(free), mounted_on: mount.join(' ') };
      }),
  };
};

/** Of `ps -o pid=,user=,pcpu=,pmem=,rss=,comm=`. */
export const parseProcesses = ([output]: readonly string[]): JsonObject => ({
  processes: lines(output).map((line) => {
    const [pid, user = '', cpu, memory, rss, ...name] = words(line);
    const kib = number(rss);
    return {
      pid: number(pid),
      user,
      cpu_percent: number(cpu),
      memory_percent: number(memory),
      resident_bytes: kib === null ? null : kib * 1024,
      name: name.join(' '),
    };
  }),
});

/** Of `apt-get --simulate upgrade`: `Inst name [old] (new origin [arch])`. */
export const parseUpdates = ([output]: readonly string[]): JsonObject => {
  const updates = lines(output).flatMap((line) => {
    const found = /^Inst (\S+)(?: \[([^\]]*)\])? \((\S+)/.exec(line);
    return found === null ? [] : [{ package: found[1] ?? '', from: found[2] ?? null, to: found[3] ?? '' }];
  });
  return { count: updates.length, updates };
};
