import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import { proxyEnvironment, trustEnvironment } from '../../core/egress/proxy-environment.ts';
import type { EgressBridge } from '../../core/ports/egress.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { openBridgedNetwork, type BridgedNetwork } from './bridged-network.ts';
import { bwrapArguments } from './bwrap-arguments.ts';
import { goAheadArgv } from './go-ahead.ts';
import type { HomeFolders } from './home-folder.ts';
import type { HostSystem } from './host-system.ts';
import { runLimited } from './limited-run.ts';
import type { Limits, PreparedLimits } from './limits/limits.ts';
import { joinArgv, openNamespace, type JoinedNamespaces } from './namespaces.ts';
import { openPrivateFile } from './private-file.ts';
import { isWithin, resolveReads, shownToolchains } from './shown-places.ts';
import type { Toolchain } from './toolchains.ts';
import { holdWorkspaces, layerMounts, releaseWorkspaces, type WorkspaceMount } from './workspace-mounts.ts';

export interface ConfinedRunDeps {
  readonly runner: Runner;
  readonly bwrap: string;
  readonly limits: Limits;
  /** The system calls' filter, as bubblewrap takes it. */
  readonly seccomp: (localSockets: boolean) => Uint8Array;
  readonly checkWorkspace: (path: string) => Promise<string>;
  readonly home: string;
  readonly protectedPaths: readonly string[];
  readonly homes: HomeFolders;
  /** The operator's. */
  readonly umask: number;
  readonly bridge: EgressBridge | null;
  readonly host: () => Promise<HostSystem>;
  /** The folder that is shown as /etc. */
  readonly settings: () => Promise<string>;
  readonly toolchains: () => Promise<readonly Toolchain[]>;
}

/** The runner hands descriptors over from this number on: 3 and 4 are the gate's. */
const firstDescriptor = 5;

/**
 * Runs one command confined. Errors: `forbidden` when a workspace is not what it was or the profile shows what it must not, `unavailable`
 * when bubblewrap failed before the command began, or when the profile wants a network and there is no bridge.
 */
export const runConfined = async (
  deps: ConfinedRunDeps,
  command: SandboxCommand,
  signal: AbortSignal,
  events: SandboxEvents = {},
): Promise<SandboxResult> => {
  if (!command.workspaces.some((folder) => isWithin(command.cwd, folder)))
    throw new AppError('invalid_input', `${command.cwd} is in none of the workspaces`);
  const closers: (() => Promise<void> | void)[] = [];
  const closing = <T extends { close(): Promise<void> }>(opened: T): T => {
    closers.push(async () => opened.close());
    return opened;
  };
  try {
    const hold = async (): Promise<readonly WorkspaceMount[]> => {
      const held = await holdMounts(deps, command);
      closers.push(async () => releaseWorkspaces(held));
      return held;
    };
    const limit = async (): Promise<PreparedLimits> => {
      const prepared = await deps.limits.prepare(command.profile.limits);
      closers.push(() => prepared.release());
      return prepared;
    };
    const [limits, mounts, status, seccomp] = await together([
      limit(),
      hold(),
      openPrivateFile().then((file) => closing(file)),
      openPrivateFile(deps.seccomp(command.profile.local_sockets)).then((file) => closing(file)),
    ]);
    const home = command.profile.home === 'cache' ? closing(await deps.homes.open(homeOwner(mounts, command))) : null;
    const bridged = await openNetwork(deps, command, events);
    if (bridged !== null) closing(bridged);
    const joined = joinedNamespaces(command, bridged);
    const argv = [
      ...limits.outside,
      ...joinArgv(joined),
      deps.bwrap,
      ...(await sandboxArguments({ deps, command, mounts, isHomeKept: home !== null, bridged, joined })),
      ...goAheadArgv,
      ...limits.inside,
      ...command.argv,
    ];
    const result = await runLimited(
      { runner: deps.runner, limits, command },
      {
        argv,
        // SECURITY: bubblewrap's own environment can be read inside, as /proc/1/environ.
        env: limits.env,
        groups: limits.groups,
        umask: deps.umask,
        cwd: '/',
        gate: true,
        ahead: true,
        descriptors: [
          { fd: status.fd, access: 'write' },
          ...[seccomp, ...mounts, ...optional(home), ...optional(bridged?.trust)].map(({ fd }) => ({ fd, access: 'read' as const })),
        ],
        tty: command.tty,
        timeoutMs: command.timeoutMs,
        outputLimit: command.outputLimit,
      },
      signal,
      {
        ...events,
        // SECURITY: a network that leads out is shared with no other command.
        openNetwork: async (pid) => (bridged === null && canBeShared(command) ? openNamespace(status, pid, 'net') : null),
      },
    );
    const isCut = result.exit.kind === 'timed_out' || result.exit.kind === 'aborted' || result.limit !== undefined;
    if (!isCut && !(await hasBegun(status)))
      throw new AppError('unavailable', `the sandbox could not be set up: ${lastLine(result.output)}`);
    return result;
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

/** All of them, or the first failure once none is under way any more, so that what was opened is known and can be closed. */
const together = async <T extends readonly unknown[] | []>(work: T): Promise<{ -readonly [Key in keyof T]: Awaited<T[Key]> }> => {
  await Promise.allSettled(work);
  return await Promise.all(work);
};

const holdMounts = async (
  { checkWorkspace }: ConfinedRunDeps,
  { mount, workspaces }: SandboxCommand,
): Promise<readonly WorkspaceMount[]> =>
  mount.kind === 'layer' ? layerMounts(workspaces, mount.view, checkWorkspace) : holdWorkspaces(workspaces, checkWorkspace);

/** The workspace whose HOME it is: the one that the command starts in. */
const homeOwner = (mounts: readonly WorkspaceMount[], { cwd }: SandboxCommand): string =>
  mounts.find(({ path }) => isWithin(cwd, path))?.path ?? cwd;

const layerOf = ({ mount }: SandboxCommand) => (mount.kind === 'layer' ? mount.view.namespaces : null);

const openNetwork = async (
  { runner, bwrap, bridge }: ConfinedRunDeps,
  command: SandboxCommand,
  { onEgress = () => undefined }: SandboxEvents,
): Promise<BridgedNetwork | null> => {
  const { name, network } = command.profile;
  if (network === 'none') return null;
  if (bridge === null) throw new AppError('unavailable', `the sandbox profile ${name} needs a network, and there is no egress proxy`);
  return openBridgedNetwork({ runner, bwrap, bridge }, { ...network, onEvent: onEgress }, layerOf(command));
};

/** The kernel lets an ordinary user into a network namespace only by way of a user namespace around it, which is the layer's. */
const canBeShared = (command: SandboxCommand): boolean => layerOf(command) !== null || process.getuid?.() === 0;

const joinedNamespaces = (command: SandboxCommand, bridged: BridgedNetwork | null): JoinedNamespaces => {
  const layer = layerOf(command);
  // SECURITY: what has a network of its own never joins another command's, whose processes would get it, too.
  const network = bridged === null ? command.network : bridged.network;
  if (bridged === null && network !== null && !canBeShared(command))
    throw new AppError('unavailable', 'without a layer, commands of an ordinary user cannot share a network');
  return { user: layer?.user ?? bridged?.user ?? null, mount: layer?.mount ?? null, network };
};

interface ArgumentsOptions {
  readonly deps: ConfinedRunDeps;
  readonly command: SandboxCommand;
  readonly mounts: readonly WorkspaceMount[];
  readonly isHomeKept: boolean;
  readonly bridged: BridgedNetwork | null;
  readonly joined: JoinedNamespaces;
}

const sandboxArguments = async ({ deps, command, mounts, isHomeKept, bridged, joined }: ArgumentsOptions): Promise<readonly string[]> => {
  const { profile } = command;
  const folders = mounts.map(({ path }) => path);
  const toolchains = profile.toolchains ? await deps.toolchains() : [];
  const firstMount = firstDescriptor + 2;
  return bwrapArguments({
    host: await deps.host(),
    limits: profile.limits,
    uid: process.getuid?.() ?? 65534,
    gid: process.getgid?.() ?? 65534,
    env: environment(command, toolchains, bridged),
    cwd: command.cwd,
    statusFd: firstDescriptor,
    seccompFd: firstDescriptor + 1,
    settings: await deps.settings(),
    homeFd: isHomeKept ? firstMount + mounts.length : null,
    trust: hasTrust(bridged) ? { fd: firstMount + mounts.length + (isHomeKept ? 1 : 0), path: trustFile } : null,
    reads: [...(await resolveReads(profile.reads, folders, deps)), ...shownToolchains(toolchains, folders, deps.protectedPaths)],
    isNetworkJoined: joined.network !== null,
    readOnly: command.mount.kind === 'read-only' || profile.workspace === 'read',
    workspaces: folders.map((path, index) => ({ path, fd: firstMount + index })),
  });
};

/** Where commands find the certificates that a network of theirs needs; below no folder that they can write. */
const trustFile = '/run/gatehouse/ca-bundle.pem';

const hasTrust = (bridged: BridgedNetwork | null): boolean => (bridged?.trust ?? null) !== null;

const optional = <T>(value: T | null | undefined): readonly T[] => (value === null || value === undefined ? [] : [value]);

/** What is set: the command's own, what leads to toolchains and to the proxy, and over all of it the profile's. */
const environment = (
  { env, profile }: SandboxCommand,
  toolchains: readonly Toolchain[],
  bridged: BridgedNetwork | null,
): Readonly<Record<string, string>> => {
  const bins = toolchains.flatMap(({ bin }) => bin);
  const path = [...bins, ...(env['PATH'] === undefined ? [] : [env['PATH']])].join(':');
  return {
    ...env,
    ...Object.fromEntries(toolchains.flatMap((toolchain) => Object.entries(toolchain.env))),
    ...(path === '' ? {} : { PATH: path }),
    ...profile.environment,
    ...(bridged === null ? {} : proxyEnvironment(bridged.port)),
    ...(hasTrust(bridged) ? trustEnvironment(trustFile) : {}),
  };
};

/** bubblewrap writes the exit code only when the command itself has run. */
const hasBegun = async (status: FileHandle): Promise<boolean> => {
  const { buffer, bytesRead } = await status.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead).toString().includes('"exit-code"');
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
