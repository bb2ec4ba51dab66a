import type { ProgramHandle, Runner, RunnerCommand } from '../../core/ports/runner.ts';
import type { SandboxCommand, SandboxEvents, SandboxHandle, SandboxResult } from '../../core/ports/sandbox.ts';
import type { PreparedLimits } from './limits/limits.ts';
import type { LimitName, Watch } from './limits/watchdog.ts';

export interface LimitedRun {
  readonly runner: Runner;
  readonly limits: PreparedLimits;
  readonly command: SandboxCommand;
}

export interface LimitedRunEvents extends SandboxEvents {
  /** Opens the network namespace below bubblewrap's process of this number. */
  readonly openNetwork: (pid: number) => ReturnType<SandboxHandle['openNetwork']>;
}

/** Runs with the watchdog beside it; going over a limit ends everything and is said in the result. */
export const runLimited = async (
  { runner, limits, command }: LimitedRun,
  started: RunnerCommand,
  signal: AbortSignal,
  { onOutput, onStarted: tellStarted, openNetwork }: LimitedRunEvents,
): Promise<SandboxResult> => {
  const over = new AbortController();
  const { mount } = command;
  const disk = mount.kind === 'layer' ? [async () => mount.view.bytes()] : [];
  let watch: Watch | null = null;
  let isOver = false;
  const onStarted = (handle: ProgramHandle): void => {
    watch = limits.watch({ pid: handle.pid, disk, kill: () => over.abort() });
    tellStarted?.({ ...handle, openNetwork: async () => (isOver ? null : openNetwork(handle.pid)) });
  };
  const stop = async (): Promise<LimitName | null> => watch?.stop() ?? null;
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
    isOver = true;
    await stop();
  }
};
