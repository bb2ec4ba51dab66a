import { access, readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import type { SandboxStatus } from '../../../shared/domain/host.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { Sandbox, SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { runConfined } from './confined-run.ts';
import { diagnose, installCommand } from './diagnosis.ts';
import { attemptEscapes } from './escape-attempts.ts';
import { defaultLimits, type SandboxLimits } from './limits.ts';

export interface BubblewrapDeps {
  readonly runner: Runner;
  /** The operator's home folder; must not be visible inside. */
  readonly home: string;
  /** The gateway's own folders; the probe tries to read from those that exist. */
  readonly protectedPaths: readonly string[];
  /** The same check as when a workspace was named; asked again right before one is mounted. */
  readonly checkWorkspace: (path: string) => Promise<string>;
  /** Absolute path of a program, or null. */
  readonly findProgram: (name: string) => Promise<string | null>;
  readonly limits?: SandboxLimits;
}

/** Options without which a promise of ours would not hold; old releases lack them. */
const neededOptions = ['--bind-fd', '--ro-bind-fd', '--disable-userns', '--size', '--perms', '--json-status-fd', '--ro-bind-data'];

const refusal = (version: string | null, detail: string, fix: string | null): SandboxStatus => ({
  mode: 'always',
  effective: 'refuse',
  version,
  detail,
  fix,
});

/** The `Sandbox` port over bubblewrap. It runs commands confined or not at all. */
export const createBubblewrap = ({
  runner,
  home,
  protectedPaths,
  checkWorkspace,
  findProgram,
  limits = defaultLimits,
}: BubblewrapDeps): Sandbox => {
  let status = refusal(null, 'the sandbox has not been tried yet', null);
  let bwrap: string | null = null;
  const ending = new AbortController();

  const confined = async (program: string, command: SandboxCommand, signal: AbortSignal, events?: SandboxEvents): Promise<SandboxResult> =>
    runConfined({ runner, bwrap: program, limits, checkWorkspace }, command, AbortSignal.any([signal, ending.signal]), events);

  const outputOf = async (program: string, option: string): Promise<string> => {
    const options = { env: {}, cwd: '/', descriptors: [], tty: false, timeoutMs: 5000, outputLimit: 65_536 };
    return (await runner.run({ argv: [program, option], ...options }, ending.signal)).output;
  };

  const tryOut = async (): Promise<SandboxStatus> => {
    if (process.platform !== 'linux') return refusal(null, `there is no sandbox for ${process.platform}`, 'run the gateway on Linux');
    const program = await findProgram('bwrap');
    if (program === null) return refusal(null, 'bubblewrap is not installed', installCommand(await textOf('/etc/os-release')));
    for (const needed of ['/bin/bash', '/usr/bin/prlimit']) {
      if (!(await isThere(needed))) return refusal(null, `${needed} is missing`, 'install the packages bash and util-linux');
    }
    const version = /\d+(\.\d+)+/.exec(await outputOf(program, '--version'))?.[0] ?? null;
    const help = await outputOf(program, '--help');
    const missing = neededOptions.filter((option) => !help.includes(option));
    if (version === null || missing.length > 0) {
      return refusal(
        version,
        `this bubblewrap is too old: it lacks ${missing.join(', ')}`,
        `${installCommand(await textOf('/etc/os-release'))} (0.10, or your distribution's security update)`,
      );
    }
    try {
      const run = async (command: SandboxCommand): Promise<SandboxResult> => confined(program, command, ending.signal);
      const escapes = await attemptEscapes({ run, home, protectedPaths });
      if (escapes.length > 0)
        return refusal(
          version,
          `a test command was not confined: ${escapes.join('; ')}`,
          'run `gatehouse doctor` and report what it prints',
        );
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const isContainer = (await isThere('/.dockerenv')) || (await isThere('/run/.containerenv'));
      const { detail, fix } = diagnose({ message: error.message, sysctl: readSysctl, isContainer });
      return refusal(version, detail, fix);
    }
    bwrap = program;
    const detail = `bubblewrap ${version}: a test command could not read or write outside its workspace, reach the network or make namespaces.`;
    return { mode: 'always', effective: 'bubblewrap', version, detail, fix: null };
  };

  return {
    async probe() {
      bwrap = null;
      status = refusal(status.version, 'the sandbox is being tried', null);
      try {
        status = await tryOut();
      } catch (error) {
        // SECURITY: whatever goes wrong with the probe, commands are refused.
        status = refusal(null, `the sandbox could not be tried: ${error instanceof Error ? error.message : 'unknown failure'}`, null);
      }
      return status;
    },
    status: () => status,
    async run(command, signal, events) {
      // SECURITY: there is no way to run a command bare.
      if (bwrap === null || status.effective !== 'bubblewrap') {
        throw new AppError(
          'unavailable',
          `commands are refused because there is no working sandbox: ${status.detail}${status.fix === null ? '' : `. To mend it: ${status.fix}`}`,
        );
      }
      return confined(bwrap, command, signal, events);
    },
    async stop() {
      ending.abort();
      bwrap = null;
      status = refusal(status.version, 'the gateway is stopping', null);
    },
  };
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
