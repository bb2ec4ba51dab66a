import type { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import type { SandboxResult } from '../ports/sandbox.ts';

/** As people say it: 8192 MiB is 8 GiB. */
const size = (mebibytes: number): string => (mebibytes % 1024 === 0 ? `${mebibytes / 1024} GiB` : `${mebibytes} MiB`);

/** What a command was killed for going over, in words, with the setting that would allow it more. */
export const overLimit = (limit: NonNullable<SandboxResult['limit']>, { name, limits }: SandboxProfile): string => {
  const [used, setting] = {
    memory: [`${size(limits.memory_mb)} of memory for all its processes together`, 'memory_mb'],
    processes: [`${limits.processes} processes and threads`, 'processes'],
    disk: [`${size(limits.disk_mb)} of disk for what it changed`, 'disk_mb'],
  }[limit];
  return `[killed: it used more than ${used}; if it needs that, the operator can raise \`${setting}\` in the sandbox profile \`${name}\`]`;
};
