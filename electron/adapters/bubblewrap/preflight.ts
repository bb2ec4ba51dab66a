import { readFileSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { SandboxTrial } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';
import { diagnose, installCommand } from './diagnosis.ts';
import { attemptEscapes } from './escape-attempts.ts';
import { numberOfCall, seccompArchitecture, seccompProgram, type SeccompArchitecture } from './seccomp/seccomp-program.ts';
import { readSeccompTable, type SeccompTable } from './seccomp/seccomp-table.ts';

/** What a confined command needs of this machine, once it has been proven. */
export interface WorkingBubblewrap {
  /** Absolute path of bwrap. */
  readonly bwrap: string;
  /** The system calls' filter, as bubblewrap takes it. */
  readonly seccomp: (localSockets: boolean) => Uint8Array;
}

export interface PreflightDeps {
  readonly runner: Runner;
  readonly home: string;
  readonly protectedPaths: readonly string[];
  readonly findProgram: (name: string) => Promise<string | null>;
  readonly seccompTable: string;
  /** `process.arch`. */
  readonly arch: string;
  readonly confined: (working: WorkingBubblewrap, command: SandboxCommand) => Promise<SandboxResult>;
  readonly signal: AbortSignal;
}

export interface PreflightResult {
  readonly status: SandboxTrial;
  /** Null: commands are refused. */
  readonly working: WorkingBubblewrap | null;
}

/** Options without which a promise of ours would not hold; old releases lack them. */
const neededOptions = [
  '--bind-fd',
  '--ro-bind-fd',
  '--disable-userns',
  '--size',
  '--perms',
  '--json-status-fd',
  '--ro-bind-data',
  '--seccomp',
];

export const refusal = (
  version: string | null,
  detail: string,
  fix: string | null,
  attempts: SandboxTrial['attempts'] = [],
): SandboxTrial => ({
  effective: 'refuse',
  version,
  detail,
  fix,
  attempts,
});

const refused = (...why: Parameters<typeof refusal>): PreflightResult => ({
  status: refusal(...why),
  working: null,
});

/** Tries a real sandbox on this machine, from what is installed to what a command in it can reach. Errors: throws when the trying itself fails. */
export const preflight = async (deps: PreflightDeps): Promise<PreflightResult> => {
  if (process.platform !== 'linux') return refused(null, `there is no sandbox for ${process.platform}`, 'run the gateway on Linux');
  const arch = seccompArchitecture(deps.arch);
  if (arch === null) {
    return refused(
      null,
      `there is no filter of system calls for processors of the kind ${deps.arch}`,
      'run the gateway on x86_64 or aarch64',
    );
  }
  const table = await readSeccompTable(deps.seccompTable);
  const program = await deps.findProgram('bwrap');
  const install = installCommand(await textOf('/etc/os-release'));
  if (program === null) return refused(null, 'bubblewrap is not installed', install);
  for (const needed of ['/bin/bash', '/usr/bin/prlimit', '/usr/bin/perl']) {
    if (!(await isThere(needed))) return refused(null, `${needed} is missing`, 'install the packages bash, util-linux and perl');
  }
  const version = /\d+(\.\d+)+/.exec(await outputOf(deps, program, '--version'))?.[0] ?? null;
  const help = await outputOf(deps, program, '--help');
  const missing = neededOptions.filter((option) => !help.includes(option));
  if (version === null || missing.length > 0) {
    const detail = `this bubblewrap is too old: it lacks ${missing.join(', ')}`;
    return refused(version, detail, `${install} (0.10, or your distribution's security update)`);
  }
  const working = { bwrap: program, seccomp: filters(table, arch) };
  try {
    const callNumber = (name: string): number => numberOfCall(table, arch, name) ?? -1;
    const run = async (command: SandboxCommand): Promise<SandboxResult> => deps.confined(working, command);
    const attempts = await attemptEscapes({ ...deps, run, callNumber });
    const escapes = attempts.filter(({ ok }) => !ok).map((attempt) => attempt.detail);
    if (escapes.length > 0) {
      const detail = `a test command was not confined: ${escapes.join('; ')}`;
      return refused(version, detail, 'run `gatehouse doctor` and report what it prints', attempts);
    }
    const detail = `bubblewrap ${version}: ${attempts.length} kinds of escape were tried on this machine, and none got out.`;
    return { status: { effective: 'bubblewrap', version, detail, fix: null, attempts }, working };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { detail, fix } = diagnose({
      message: error.message,
      sysctl: readSysctl,
      isContainer: await isContainer(),
      isFiltered: await isFiltered(),
    });
    return refused(version, detail, fix);
  }
};

const filters = (table: SeccompTable, arch: SeccompArchitecture): WorkingBubblewrap['seccomp'] => {
  const closed = seccompProgram({ table, arch, localSockets: false });
  const open = seccompProgram({ table, arch, localSockets: true });
  return (localSockets) => (localSockets ? open : closed);
};

const isContainer = async (): Promise<boolean> => {
  const marks = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];
  return (await Promise.all(marks.map(isThere))).includes(true);
};

/** Whether a filter of system calls is in force on this process itself, as containers set one. */
const isFiltered = async (): Promise<boolean> => /^Seccomp:\t2$/m.test(await textOf('/proc/self/status'));

const outputOf = async ({ runner, signal }: PreflightDeps, program: string, option: string): Promise<string> => {
  const options = { env: {}, cwd: '/', descriptors: [], tty: false, timeoutMs: 5000, outputLimit: 65_536 };
  return (await runner.run({ argv: [program, option], ...options }, signal)).output;
};

const textOf = async (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

const isThere = async (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const readSysctl = (name: string): string | null => {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return null;
  }
};
