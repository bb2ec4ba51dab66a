import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  numberOfCall,
  seccompArchitecture,
  seccompProgram,
  type SeccompArchitecture,
} from '../adapters/bubblewrap/seccomp/seccomp-program.ts';
import { parseSeccompTable, type SeccompTable } from '../adapters/bubblewrap/seccomp/seccomp-table.ts';
import { seccompTable } from './sandbox-world.ts';

export const shippedTable = (): SeccompTable => parseSeccompTable(readFileSync(seccompTable, 'utf8'));

/** This machine's; throws where there is no filter for it, so that a test fails and never passes by. */
export const ownArchitecture = (): SeccompArchitecture => {
  const arch = seccompArchitecture(process.arch);
  if (arch === null) throw new Error(`no filter for ${process.arch}`);
  return arch;
};

/** The number of a call on this machine; null where it has none. */
export const callNumber = (name: string): number | null => numberOfCall(shippedTable(), ownArchitecture(), name);

/** The shipped filter for this machine. */
export const shippedFilter = (localSockets = false): Uint8Array =>
  seccompProgram({ table: shippedTable(), arch: ownArchitecture(), localSockets });

export interface FilteredResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** It sees the whole host, read-only, and holds every capability of a user namespace, so that nothing but the filter refuses. */
const everyCapability = [
  ...['--unshare-all', '--unshare-user', '--uid', '0', '--gid', '0', '--cap-add', 'ALL', '--die-with-parent'],
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--chdir', '/tmp'],
  // A checkout below /tmp is still to have its Node.
  ...['--ro-bind', dirname(process.execPath), dirname(process.execPath)],
];

/** Nothing but the filter: as if started on the host itself. */
export const bareHost = ['--dev-bind', '/', '/'];

/** Runs a program in bubblewrap with a filter, or with none: the control. */
export const runFiltered = (filter: Uint8Array | null, argv: readonly string[], confine = everyCapability): FilteredResult => {
  const folder = mkdtempSync(join(tmpdir(), 'filter-test-'));
  const path = join(folder, 'filter');
  writeFileSync(path, filter ?? '');
  const fd = openSync(path, 'r');
  try {
    const env = ['--clearenv', '--setenv', 'PATH', process.env['PATH'] ?? '/usr/bin:/bin', '--setenv', 'HOME', '/tmp'];
    const seccomp = filter === null ? [] : ['--seccomp', '3'];
    const result = spawnSync('bwrap', [...confine, ...env, ...seccomp, '--', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', fd],
      timeout: 60_000,
    });
    return { code: result.status, signal: result.signal, output: `${result.stdout.toString()}${result.stderr.toString()}` };
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
};
