import type { SandboxStatus } from '../../../shared/domain/host.ts';
import type { LimitsReport } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { Sandbox, SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { runConfined } from './confined-run.ts';
import { createLimits, type LimitMechanism } from './limits/limits.ts';
import { preflight, refusal, type PreflightResult, type WorkingBubblewrap } from './preflight.ts';

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
  /** Path of seccomp.yaml, the table of what commands may not ask of the kernel. */
  readonly seccompTable: string;
  /** The processor, as Node names it. */
  readonly arch?: string;
  /** XDG_RUNTIME_DIR, where the user's systemd listens; null: nowhere. */
  readonly runtimeDir?: string | null;
  /** Which may hold commands to their limits; default: the best that works. */
  readonly mechanisms?: readonly LimitMechanism[];
}

export interface Bubblewrap extends Sandbox {
  /** What holds commands to their profile's limits here, as of the last probe. */
  limits(): LimitsReport;
}

/** The `Sandbox` port over bubblewrap. It runs commands confined or not at all. */
export const createBubblewrap = ({ arch = process.arch, runtimeDir = null, mechanisms, ...deps }: BubblewrapDeps): Bubblewrap => {
  const limits = createLimits({ ...deps, runtimeDir, ...(mechanisms === undefined ? {} : { mechanisms }) });
  let status = refusal(null, 'the sandbox has not been tried yet', null);
  let working: WorkingBubblewrap | null = null;
  let probing: Promise<SandboxStatus> | null = null;
  const ending = new AbortController();

  const confined = async (
    { bwrap, seccomp }: WorkingBubblewrap,
    command: SandboxCommand,
    signal: AbortSignal,
    events?: SandboxEvents,
  ): Promise<SandboxResult> => {
    const { runner, checkWorkspace } = deps;
    return runConfined({ runner, bwrap, seccomp, limits, checkWorkspace }, command, AbortSignal.any([signal, ending.signal]), events);
  };

  const tryOut = async (): Promise<PreflightResult> => {
    const run = async (tried: WorkingBubblewrap, command: SandboxCommand): Promise<SandboxResult> =>
      confined(tried, command, ending.signal);
    await limits.probe();
    return preflight({ ...deps, arch, confined: run, signal: ending.signal }).catch((error: unknown) => {
      // SECURITY: whatever goes wrong with the probe, commands are refused.
      const cause = error instanceof Error ? error.message : 'unknown failure';
      return { status: refusal(null, `the sandbox could not be tried: ${cause}`, null), working: null };
    });
  };

  /** Until there is an answer the last one counts: trying again does not stop the work. */
  const probe = async (): Promise<SandboxStatus> => {
    const result = await tryOut();
    probing = null;
    if (!ending.signal.aborted) ({ status, working } = result);
    return status;
  };

  return {
    async probe() {
      probing ??= probe();
      return probing;
    },
    status: () => status,
    limits: () => limits.report(),
    async run(command, signal, events) {
      // SECURITY: there is no way to run a command bare.
      if (working === null || status.effective !== 'bubblewrap') {
        throw new AppError(
          'unavailable',
          `commands are refused because there is no working sandbox: ${status.detail}${status.fix === null ? '' : `. To mend it: ${status.fix}`}`,
        );
      }
      return confined(working, command, signal, events);
    },
    async stop() {
      ending.abort();
      working = null;
      status = refusal(status.version, 'the gateway is stopping', null);
      await limits.stop();
    },
  };
};
