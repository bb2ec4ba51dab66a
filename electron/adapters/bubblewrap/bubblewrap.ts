import type { SandboxTrial } from '../../../shared/domain/host.ts';
import type { LimitsReport } from '../../../shared/domain/sandbox.ts';
import { AppError } from '../../../shared/errors.ts';
import type { EgressBridge } from '../../core/ports/egress.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { Sandbox, SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { runConfined } from './confined-run.ts';
import { readGitIdentity } from './git-identity.ts';
import { createHomeFolders } from './home-folder.ts';
import { readHostSystem, type HostSystem } from './host-system.ts';
import { createLimits, type LimitMechanism } from './limits/limits.ts';
import { createSystemSettings } from './system-settings.ts';
import { detectToolchains, type Toolchain } from './toolchains.ts';
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
  /** The gateway's own folder, where it keeps a HOME for each workspace and the sandbox's /etc. */
  readonly stateDir: string;
  /** The operator's file mode creation mask, as it was before the gateway set its own. */
  readonly umask: number;
  /** What lets commands out to the hosts that their profile names; null: such profiles are refused. */
  readonly bridge: EgressBridge | null;
}

export interface Bubblewrap extends Sandbox {
  /** What holds commands to their profile's limits here, as of the last probe. */
  limits(): LimitsReport;
  /** The toolchains under HOME that commands see. */
  toolchains(): Promise<readonly Toolchain[]>;
}

/** How long toolchains are taken to be what they were. Milliseconds. */
const toolchainsFreshMs = 60_000;

/** The `Sandbox` port over bubblewrap. It runs commands confined or not at all. */
export const createBubblewrap = ({ arch = process.arch, runtimeDir = null, mechanisms, ...deps }: BubblewrapDeps): Bubblewrap => {
  const limits = createLimits({ ...deps, runtimeDir, ...(mechanisms === undefined ? {} : { mechanisms }) });
  let status = refusal(null, 'the sandbox has not been tried yet', null);
  let working: WorkingBubblewrap | null = null;
  let probing: Promise<SandboxTrial> | null = null;
  const ending = new AbortController();
  let host: Promise<HostSystem> | null = null;
  let found: { readonly toolchains: Promise<readonly Toolchain[]>; readonly at: number } | null = null;
  const toolchains = async (): Promise<readonly Toolchain[]> => {
    if (found === null || performance.now() - found.at > toolchainsFreshMs)
      found = { toolchains: detectToolchains(deps.home), at: performance.now() };
    return found.toolchains;
  };
  const homes = createHomeFolders({ stateDir: deps.stateDir });
  const settings = createSystemSettings({
    stateDir: deps.stateDir,
    async identity() {
      const { name, email } = await readGitIdentity(deps);
      return { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, gitName: name, gitEmail: email };
    },
  });

  const confined = async (
    { bwrap, seccomp }: WorkingBubblewrap,
    command: SandboxCommand,
    signal: AbortSignal,
    events?: SandboxEvents,
  ): Promise<SandboxResult> => {
    const confinement = {
      ...deps,
      bwrap,
      seccomp,
      limits,
      homes,
      host: async () => (host ??= readHostSystem()),
      settings: async () => settings.folder(),
      toolchains,
    };
    return runConfined(confinement, command, AbortSignal.any([signal, ending.signal]), events);
  };

  const tryOut = async (): Promise<PreflightResult> => {
    const run = async (tried: WorkingBubblewrap, command: SandboxCommand): Promise<SandboxResult> =>
      confined(tried, command, ending.signal);
    try {
      await limits.probe();
      return await preflight({ ...deps, arch, confined: run, signal: ending.signal });
    } catch (error) {
      // SECURITY: whatever goes wrong with the probe, commands are refused.
      const cause = error instanceof Error ? error.message : 'unknown failure';
      return { status: refusal(null, `the sandbox could not be tried: ${cause}`, null), working: null };
    }
  };

  /** Until there is an answer the last one counts: trying again does not stop the work. */
  const probe = async (): Promise<SandboxTrial> => {
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
    toolchains,
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
      await homes.settled();
      await limits.stop();
    },
  };
};
