import { AppError } from '../../../shared/errors.ts';
import type { Runner, RunnerCommand, RunnerEvents, RunnerResult } from '../../core/ports/runner.ts';
import { createLaunchers, type Launchers } from './launchers.ts';
import { createOutputCapture } from './output-capture.ts';
import { startInTerminal, startPiped, type StartedProgram } from './started-program.ts';

/** The `Runner` port: programs by argv, in their own process group, with an environment and descriptors of their own. */
export const createRunner = (): Runner => {
  const launchers = createLaunchers();
  const running = new Map<StartedProgram, Promise<unknown>>();
  let isStopped = false;

  const run = async (
    command: RunnerCommand,
    signal: AbortSignal,
    { onOutput = () => undefined, onStarted = () => undefined }: RunnerEvents = {},
  ): Promise<RunnerResult> => {
    if (isStopped) throw new AppError('unavailable', 'the gateway is stopping, so nothing is started any more');
    const began = performance.now();
    const capture = createOutputCapture(command.outputLimit, onOutput);
    const durationMs = (): number => Math.round(performance.now() - began);
    if (signal.aborted) return { exit: { kind: 'aborted' }, ...capture.finish(), durationMs: 0 };

    const program = start(command, (chunk) => capture.add(chunk), launchers);
    const cut: { why: 'timed_out' | 'aborted' | null } = { why: null };
    const end = (why: 'timed_out' | 'aborted'): void => {
      cut.why ??= why;
      program.kill();
    };
    const onAbort = (): void => end('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => end('timed_out'), command.timeoutMs);
    const ended = program.ended.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      running.delete(program);
    });
    running.set(program, ended);
    if (program.handle !== null) onStarted(program.handle);
    try {
      const exit = await ended;
      return { exit: cut.why === null ? exit : { kind: cut.why }, ...capture.finish(), durationMs: durationMs() };
    } catch (error) {
      throw notStarted(command, error);
    }
  };

  return {
    run,
    async stop() {
      isStopped = true;
      launchers.stop();
      for (const program of running.keys()) program.kill();
      await Promise.allSettled(running.values());
    },
  };
};

const start = (command: RunnerCommand, onData: (chunk: Uint8Array) => void, launchers: Launchers): StartedProgram => {
  try {
    return command.tty ? startInTerminal(command, onData) : startPiped(command, onData, launchers);
  } catch (error) {
    throw notStarted(command, error);
  }
};

const notStarted = (command: RunnerCommand, error: unknown): AppError =>
  new AppError('unavailable', `${command.argv[0] ?? 'the program'} could not be started`, { cause: error });
