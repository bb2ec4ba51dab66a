import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { ProgramHandle, Runner, RunnerCommand } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { bwrapArguments, syntheticFiles } from './bwrap-arguments.ts';
import { readHostSystem } from './host-system.ts';
import type { Limits, PreparedLimits } from './limits/limits.ts';
import type { LimitName, Watch } from './limits/watchdog.ts';
import { openPrivateFile } from './private-file.ts';
import { holdWorkspaces, releaseWorkspaces } from './workspace-mounts.ts';

export interface ConfinedRunDeps {
  readonly runner: Runner;
  readonly bwrap: string;
  readonly limits: Limits;
  /** The system calls' filter, as bubblewrap takes it. */
  readonly seccomp: (localSockets: boolean) => Uint8Array;
  readonly checkWorkspace: (path: string) => Promise<string>;
}

/** The runner hands descriptors over from this number on. */
const firstDescriptor = 3;

/** Runs one command confined. Errors: `forbidden` when a workspace is not what it was, `unavailable` when bubblewrap failed before the command began. */
export const runConfined = async (
  deps: ConfinedRunDeps,
  command: SandboxCommand,
  signal: AbortSignal,
  events: SandboxEvents = {},
): Promise<SandboxResult> => {
  if (!command.workspaces.some((folder) => command.cwd === folder || command.cwd.startsWith(`${folder}/`))) {
    throw new AppError('invalid_input', `${command.cwd} is in none of the workspaces`);
  }
  const uid = process.getuid?.() ?? 65534;
  const gid = process.getgid?.() ?? 65534;
  const mounts = await holdWorkspaces(command.workspaces, deps.checkWorkspace);
  const files: FileHandle[] = [];
  let limits: PreparedLimits | null = null;
  const openFile = async (content?: string | Uint8Array): Promise<FileHandle> => {
    const file = await openPrivateFile(content);
    files.push(file);
    return file;
  };
  try {
    limits = await deps.limits.prepare(command.profile.limits);
    const status = await openFile();
    const seccomp = await openFile(deps.seccomp(command.profile.local_sockets));
    const synthetic = syntheticFiles(uid, gid);
    const data: FileHandle[] = [];
    for (const { content } of synthetic) data.push(await openFile(content));
    const numberOf = (index: number): number => firstDescriptor + index;
    const argv = [
      ...limits.outside,
      deps.bwrap,
      ...bwrapArguments({
        host: await readHostSystem(),
        limits: command.profile.limits,
        uid,
        gid,
        env: command.env,
        cwd: command.cwd,
        statusFd: numberOf(0),
        seccompFd: numberOf(1),
        data: synthetic.map(({ path }, index) => ({ path, fd: numberOf(2 + index) })),
        readOnly: command.mount.kind !== 'scratch',
        workspaces: mounts.map(({ path }, index) => ({ path, fd: numberOf(2 + data.length + index) })),
      }),
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
        cwd: '/',
        descriptors: [
          { fd: status.fd, access: 'write' },
          { fd: seccomp.fd, access: 'read' },
          ...data.map(({ fd }) => ({ fd, access: 'read' as const })),
          ...mounts.map(({ handle }) => ({ fd: handle.fd, access: 'read' as const })),
        ],
        tty: command.tty,
        timeoutMs: command.timeoutMs,
        outputLimit: command.outputLimit,
      },
      signal,
      events,
    );
    const isCut = result.exit.kind === 'timed_out' || result.exit.kind === 'aborted' || result.limit !== undefined;
    if (!isCut && !(await hasBegun(status)))
      throw new AppError('unavailable', `the sandbox could not be set up: ${lastLine(result.output)}`);
    return result;
  } finally {
    limits?.release();
    await releaseWorkspaces(mounts);
    await Promise.all(files.map(async (file) => file.close()));
  }
};

interface LimitedRun {
  readonly runner: Runner;
  readonly limits: PreparedLimits;
  readonly command: SandboxCommand;
}

/** Runs with the watchdog beside it; going over a limit ends everything and is said in the result. */
const runLimited = async (
  { runner, limits, command }: LimitedRun,
  started: RunnerCommand,
  signal: AbortSignal,
  { onOutput }: SandboxEvents,
): Promise<SandboxResult> => {
  const over = new AbortController();
  const { mount } = command;
  const disk = mount.kind === 'layer' ? [async () => mount.view.bytes()] : [];
  let watch: Watch | null = null;
  const onStarted = ({ pid }: ProgramHandle): void => {
    watch = limits.watch({ pid, disk, kill: () => over.abort() });
  };
  const stop = async (): Promise<LimitName | null> => (watch as Watch | null)?.stop() ?? null;
  try {
    const result = await runner.run(started, AbortSignal.any([signal, over.signal]), {
      onStarted,
      ...(onOutput === undefined ? {} : { onOutput }),
    });
    const limit = await stop();
    if (limit === null) return result;
    const isOurs = result.exit.kind === 'aborted' && !signal.aborted;
    return { ...result, exit: isOurs ? { kind: 'signalled', signal: 'SIGKILL' } : result.exit, limit };
  } finally {
    await stop();
  }
};

/** bubblewrap writes the exit code only when the command itself has run. */
const hasBegun = async (status: FileHandle): Promise<boolean> => {
  const { buffer, bytesRead } = await status.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead).toString().includes('"exit-code"');
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
