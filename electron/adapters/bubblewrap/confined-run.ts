import { readFile, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { Runner } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxEvents, SandboxResult } from '../../core/ports/sandbox.ts';
import { bwrapArguments, syntheticFiles } from './bwrap-arguments.ts';
import { readHostSystem } from './host-system.ts';
import { hardLimits, prlimitArgv, type SandboxLimits } from './limits.ts';
import { openPrivateFile } from './private-file.ts';
import { holdWorkspaces, releaseWorkspaces } from './workspace-mounts.ts';

export interface ConfinedRunDeps {
  readonly runner: Runner;
  readonly bwrap: string;
  readonly limits: SandboxLimits;
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
  const openFile = async (content?: string | Uint8Array): Promise<FileHandle> => {
    const file = await openPrivateFile(content);
    files.push(file);
    return file;
  };
  try {
    const status = await openFile();
    const seccomp = await openFile(deps.seccomp(command.profile.local_sockets));
    const synthetic = syntheticFiles(uid, gid);
    const data: FileHandle[] = [];
    for (const { content } of synthetic) data.push(await openFile(content));
    const numberOf = (index: number): number => firstDescriptor + index;
    const argv = [
      deps.bwrap,
      ...bwrapArguments({
        host: await readHostSystem(),
        limits: deps.limits,
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
      ...prlimitArgv(deps.limits, hardLimits(await readFile('/proc/self/limits', 'utf8'))),
      ...command.argv,
    ];
    const result = await deps.runner.run(
      {
        argv,
        // SECURITY: bubblewrap's own environment can be read inside, as /proc/1/environ.
        env: {},
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
      events.onOutput === undefined ? {} : { onOutput: events.onOutput },
    );
    const isCut = result.exit.kind === 'timed_out' || result.exit.kind === 'aborted';
    if (!isCut && !(await hasBegun(status)))
      throw new AppError('unavailable', `the sandbox could not be set up: ${lastLine(result.output)}`);
    return result;
  } finally {
    await releaseWorkspaces(mounts);
    await Promise.all(files.map(async (file) => file.close()));
  }
};

/** bubblewrap writes the exit code only when the command itself has run. */
const hasBegun = async (status: FileHandle): Promise<boolean> => {
  const { buffer, bytesRead } = await status.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead).toString().includes('"exit-code"');
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
