import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import type { ShellAnalysis, ShellParser } from '../policy/shell-parser.ts';
import type { Files } from '../ports/files.ts';
import type { Sandbox, SandboxCommand, SandboxResult, WorkspaceMount } from '../ports/sandbox.ts';
import { sandboxHome } from '../sandbox/sandbox-home.ts';
import type { SandboxProfiles } from '../sandbox/sandbox-profiles.ts';
import { findCommandFiles } from './command-operands.ts';
import { defineTool, requireKind } from './file-call.ts';
import { overLimit } from './over-limit.ts';
import { createSystemPrograms, sandboxPath, type SystemPrograms } from './system-programs.ts';
import type { Job } from '../../../shared/domain/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { NewJob } from '../jobs/new-job.ts';
import type { LayerView } from '../ports/layers.ts';
import type { SandboxProfile } from '../../../shared/domain/sandbox.ts';
import type { Resolution, ToolContext, ToolDefinition, ToolOutput, ToolRun } from './tool.ts';

export interface BashToolDeps {
  readonly sandbox: Sandbox;
  readonly jobs: Pick<Jobs, 'start' | 'network'>;
  readonly profiles: SandboxProfiles;
  readonly files: Files;
  readonly shell: ShellParser;
  readonly settings: () => Pick<Settings['safety'], 'bash_timeout_s' | 'output_limit_bytes'>;
  /** Programs of a command line that also run files which it does not name. */
  readonly runsUnlisted: (analysis: ShellAnalysis) => string[];
  readonly programs?: SystemPrograms;
}

/** Linux takes no longer single argument than 128 KiB. */
const commandBytes = 120 * 1024;
const longestSeconds = 600;
/** Of a job in the background. */
const longestJobSeconds = 24 * 3600;
const jobSeconds = 3600;
/** Bytes of a job's output that are taken in and recorded; its answers have the last part of them only. */
const jobOutputBytes = 4 * 1024 * 1024;

const Arguments = z.strictObject({
  command: z
    .string()
    .min(1)
    .max(commandBytes)
    .describe('The command line, run by bash in a sandbox: no network, and no files but the workspace and the system’s programs.'),
  cwd: z.string().optional().describe('The folder to run in: absolute, or relative to the first workspace folder. Default: that folder.'),
  timeout_s: z
    .number()
    .int()
    .min(1)
    .max(longestJobSeconds)
    .optional()
    .describe(
      `Seconds after which it is killed, with everything it started. At most ${longestSeconds}, in the background ${longestJobSeconds}.`,
    ),
  tty: z.boolean().optional().describe('Run in a terminal of 80 by 24, for programs that insist on one. Default false.'),
  background: z
    .boolean()
    .optional()
    .describe(
      'Leave it running, for example a development server, and answer at once. Later commands reach its ports on 127.0.0.1. See job_list, job_output, job_stop.',
    ),
});

export const createBashTool = ({ programs = createSystemPrograms(), ...deps }: BashToolDeps): ToolDefinition =>
  defineTool({
    name: 'bash',
    title: 'Run a command',
    description:
      'Runs a command line with bash in a sandbox, in the workspace, without network. Returns its output and exit code. What it leaves running is killed when it ends.',
    scope: 'bash:exec',
    risk: 'high',
    arguments: Arguments,
    async resolve(args, context) {
      const { token } = context;
      if (args.background !== true && (args.timeout_s ?? 0) > longestSeconds)
        throw new AppError('invalid_input', `timeout_s: at most ${longestSeconds}, unless background is true`);
      if (Buffer.byteLength(args.command) > commandBytes)
        throw new AppError('invalid_input', 'the command is longer than 120 KiB: write it to a file and run that');
      if (args.command.includes('\0')) throw new AppError('invalid_input', 'the command contains a NUL byte');
      const folder = await deps.files.resolve(token.workspaces, args.cwd ?? '.', context.view?.roots);
      try {
        requireKind(folder, 'directory');
        return await resolveCommand({ ...deps, programs }, args, {
          workspaces: token.workspaces,
          workspace: folder.workspace,
          cwd: folder.path,
          context,
        });
      } finally {
        // The sandbox mounts the workspace itself by descriptor; this folder's name only has a meaning in there.
        await folder.close();
      }
    },
  });

interface Place {
  readonly workspaces: readonly string[];
  readonly workspace: string;
  readonly cwd: string;
  readonly context: ToolContext;
}

const resolveCommand = async (deps: Required<BashToolDeps>, args: z.output<typeof Arguments>, place: Place): Promise<Resolution> => {
  const { command, tty = false } = args;
  const analysis = deps.shell.parse(command);
  const look = async (): ReturnType<typeof findCommandFiles> =>
    findCommandFiles(analysis, { ...deps, ...place, roots: place.context.view?.roots ?? [] });
  const found = await look();
  const argv = ['/bin/bash', '--noprofile', '--norc', '-c', command];
  const env = environment(tty);
  const { bash_timeout_s, output_limit_bytes } = deps.settings();
  // What a target allows no longer is not begun for longer; that holds for jobs, too.
  const most = place.context.target.constraints.timeout_s ?? Number.POSITIVE_INFINITY;
  const seconds = Math.min(most, args.timeout_s ?? (args.background === true ? jobSeconds : bash_timeout_s));
  return {
    target: 'local',
    workspace: place.workspace,
    cwd: place.cwd,
    argv,
    env,
    operands: found.operands,
    commands: analysis.commands.map(({ text }) => text),
    preview: {
      summary: found.incomplete === null ? 'run a command' : `run a command of which not all files are known, because ${found.incomplete}`,
      command,
      cwd: place.cwd,
      paths: [...found.paths],
      operands: [...found.operands],
      programs: programsOf(analysis),
      runs_unlisted: deps.runsUnlisted(analysis),
      unparsed: !analysis.complete || found.incomplete !== null,
      diff: null,
    },
    rehash: async () => {
      await requireSameFolder(deps.files, place);
      return (await look()).operands;
    },
    async execute({ profile: name, signal, onOutput, onStarted, onEgress, openLayer }) {
      const profile = deps.profiles.get(name);
      if (profile === null) throw new AppError('unavailable', `there is no sandbox profile called ${name}`);
      // Looked at once: what is let through for a sandbox is not run without one.
      const isBare = deps.sandbox.status().effective === 'none';
      const view = isBare ? null : await viewFor(deps, profile, place.context.view, openLayer);
      const command = (current: LayerView | null, network: number | null): SandboxCommand => ({
        argv,
        cwd: place.cwd,
        workspaces: place.workspaces,
        mount: isBare ? { kind: 'scratch' } : mountOf(current),
        profile,
        env,
        timeoutMs: seconds * 1000,
        outputLimit: args.background === true ? jobOutputBytes : output_limit_bytes,
        tty,
        network,
      });
      const run: NewJob['run'] = async (running, current, events) => {
        // A profile that has a network of its own does not share another's.
        const network = profile.network === 'none' ? await deps.jobs.network(place.context.task) : null;
        try {
          return await deps.sandbox.run(command(current, network?.fd ?? null), running, events);
        } finally {
          await network?.close();
        }
      };
      if (args.background === true) {
        const { task, call, token } = place.context;
        // SECURITY: a job does not listen to its call's signal, so what has ended by now must not begin.
        if (signal.aborted) throw new AppError('conflict', 'the call was stopped before its job began');
        const about = { task, call, token: token.id, expiresAt: token.expires_at, agent: token.agent, command: args.command };
        return startedJob(await deps.jobs.start({ ...about, run: async (own, view, events) => run(own, view, { ...events, onEgress }) }));
      }
      const result = await run(signal, view, { onOutput, onStarted, onEgress });
      return outputOf(result, seconds, profile);
    },
    release: async () => undefined,
  };
};

/** A command that may write does so in the task's layer, wherever there is a real sandbox. */
const viewFor = async (
  { sandbox }: BashToolDeps,
  profile: SandboxProfile,
  seen: LayerView | null,
  openLayer: ToolRun['openLayer'],
): Promise<LayerView | null> => (profile.workspace === 'write' && sandbox.status().effective === 'bubblewrap' ? openLayer() : seen);

const mountOf = (view: LayerView | null): WorkspaceMount => (view === null ? { kind: 'read-only' } : { kind: 'layer', view });

const startedJob = ({ id, state, exit_code, reason }: Job): ToolOutput => {
  const isRunning = state === 'running';
  const how = reason ?? (exit_code === null ? state : `exit code ${exit_code.toString()}`);
  const text = isRunning
    ? `[job ${id} runs in the background: read it with job_output]`
    : `[job ${id} ended at once: ${how}. Read it with job_output]`;
  return {
    text,
    structured: { job: id, state },
    isError: !isRunning && exit_code !== 0,
    exitCode: exit_code,
    truncated: false,
    bytes: text.length,
  };
};

/** SECURITY: where the command starts is part of what was approved; a link in its place would start it elsewhere. */
const requireSameFolder = async (files: Files, { workspaces, cwd, context }: Place): Promise<void> => {
  const folder = await files.resolve(workspaces, cwd, context.view?.roots);
  const isSame = folder.path === cwd && folder.kind === 'directory';
  await folder.close();
  if (!isSame) throw new AppError('conflict', `${cwd} is no longer the folder that it was`);
};

/** The whole environment: a fixed table, nothing of the gateway's own. */
const environment = (tty: boolean): Readonly<Record<string, string>> => ({
  PATH: sandboxPath,
  HOME: sandboxHome,
  TMPDIR: '/tmp',
  LANG: 'C.UTF-8',
  TERM: tty ? 'xterm-256color' : 'dumb',
  USER: 'sandbox',
  LOGNAME: 'sandbox',
  SHELL: '/bin/bash',
});

/** How it ended, in words, and whether that counts as a failure of the tool: an exit code is the command's own business. */
const ending = (
  exit: SandboxResult['exit'],
  seconds: number,
): { readonly note: string | null; readonly isError: boolean; readonly code: number | null } => {
  switch (exit.kind) {
    case 'exited':
      return { note: exit.code === 0 ? null : `[exited with code ${exit.code}]`, isError: false, code: exit.code };
    case 'signalled':
      return { note: `[the sandbox was ended by ${exit.signal}, with everything in it]`, isError: true, code: null };
    case 'timed_out':
      return {
        note: `[killed after its time limit of ${seconds} s, with everything it started: set timeout_s up to ${longestSeconds}]`,
        isError: true,
        code: null,
      };
    case 'aborted':
      return { note: '[killed because the call was cancelled, with everything it started]', isError: true, code: null };
  }
};

const outputOf = (result: SandboxResult, seconds: number, profile: SandboxProfile): ToolOutput => {
  const { exit, output, outputBytes, truncated, durationMs, limit } = result;
  const ended = ending(exit, seconds);
  const { note, isError, code } = limit === undefined ? ended : { ...ended, note: overLimit(limit, profile), isError: true };
  const notes = [...(truncated ? [`[output cut: ${outputBytes} bytes in all]`] : []), ...(note === null ? [] : [note])];
  // What went wrong comes first where it is the point of the answer.
  const text = (isError ? [...notes, output] : [output.replace(/\n$/, ''), ...notes]).filter((part) => part !== '').join('\n');
  return {
    text: text === '' ? '[no output]' : text,
    structured: {
      exit: exit.kind,
      exit_code: code,
      duration_ms: durationMs,
      bytes: outputBytes,
      truncated,
      ...(limit === undefined ? {} : { limit }),
    },
    isError,
    exitCode: code,
    truncated,
    bytes: outputBytes,
  };
};

/** What the text runs, in the order of the text. Where a command's name is not known before it runs, its first word stands for it. */
const programsOf = ({ commands }: ShellAnalysis): string[] => {
  // Redirections count as commands for policy, but they run nothing.
  const running = commands.filter(({ program, text }) => program !== null || !/^\d*&?[<>]/.test(text));
  return [...new Set(running.map(({ program, text }) => program ?? text.split(' ', 1)[0] ?? ''))];
};
