import { readFileSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { SandboxStatus } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxResult } from '../../core/ports/sandbox.ts';
import { diagnose, installCommand } from './diagnosis.ts';
import { attemptEscapes } from './escape-attempts.ts';
import { seccompArchitecture, seccompProgram } from './seccomp/seccomp-program.ts';
import { readSeccompTable } from './seccomp/seccomp-table.ts';

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
  readonly status: SandboxStatus;
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

export const refusal = (version: string | null, detail: string, fix: string | null): SandboxStatus => ({
  mode: 'always',
  effective: 'refuse',
  version,
  detail,
  fix,
});

const refused = (version: string | null, detail: string, fix: string | null): PreflightResult => ({
  status: refusal(version, detail, fix),
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
  for (const needed of ['/bin/bash', '/usr/bin/prlimit']) {
    if (!(await isThere(needed))) return refused(null, `${needed} is missing`, 'install the packages bash and util-linux');
  }
  const version = /\d+(\.\d+)+/.exec(await outputOf(deps, program, '--version'))?.[0] ?? null;
  const help = await outputOf(deps, program, '--help');
  const missing = neededOptions.filter((option) => !help.includes(option));
  if (version === null || missing.length > 0) {
    const detail = `this bubblewrap is too old: it lacks ${missing.join(', ')}`;
    return refused(version, detail, `${install} (0.10, or your distribution's security update)`);
  }
  const [closed, open] = [seccompProgram({ table, arch, localSockets: false }), seccompProgram({ table, arch, localSockets: true })];
  const working = { bwrap: program, seccomp: (localSockets: boolean) => (localSockets ? open : closed) };
  try {
    const run = async (command: SandboxCommand): Promise<SandboxResult> => deps.confined(working, command);
    const escapes = await attemptEscapes({ run, home: deps.home, protectedPaths: deps.protectedPaths });
    if (escapes.length > 0) {
      return refused(version, `a test command was not confined: ${escapes.join('; ')}`, 'run `gatehouse doctor` and report what it prints');
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const isContainer = (await isThere('/.dockerenv')) || (await isThere('/run/.containerenv'));
    const { detail, fix } = diagnose({ message: error.message, sysctl: readSysctl, isContainer });
    return refused(version, detail, fix);
  }
  const detail = `bubblewrap ${version}: a test command could not read or write outside its workspace, reach the network or make namespaces.`;
  return { status: { mode: 'always', effective: 'bubblewrap', version, detail, fix: null }, working };
};

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
