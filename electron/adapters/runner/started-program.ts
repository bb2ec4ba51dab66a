import { constants } from 'node:os';
import { spawn as spawnPty } from 'node-pty';
import type { ProgramHandle, RunnerCommand } from '../../core/ports/runner.ts';
import { killGroup } from './kill-group.ts';
import { lifeline, terminalArgv, writtenInstructions } from './launcher.ts';
import type { Launchers } from './launchers.ts';

export type ProgramEnd = { readonly kind: 'exited'; readonly code: number } | { readonly kind: 'signalled'; readonly signal: string };

export interface StartedProgram {
  /** Resolves when it has ended and its output has been read; rejects when it could not be started. */
  readonly ended: Promise<ProgramEnd>;
  /** Null when it could not be started. */
  readonly handle: ProgramHandle | null;
  /** SIGKILL to the whole process group. */
  kill(): void;
}

/** How long output may go on after the end, held open by a process that has left the group. Milliseconds. */
const lingerMs = 1000;

/** Starts with pipes: standard input empty or ours to write to, both outputs in one stream so that their order is kept. */
export const startPiped = (command: RunnerCommand, onData: (chunk: Uint8Array) => void, launchers: Launchers): StartedProgram => {
  const instructions = writtenInstructions(command, process.pid);
  const child = launchers.take(command, command.ahead === true);
  // What nobody reads any more is no error of ours.
  child.stdin?.on('error', () => undefined);
  if (command.input === true) child.stdin?.write(instructions);
  else child.stdin?.end(instructions);
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', reject);
    child.stdout?.on('data', onData);
    // Let go of once the program has ended and its output has been read: nothing of it is left in the group by then.
    let awaited = 2;
    const letGo = (): void => {
      awaited -= 1;
      if (awaited === 0) child.stdio[lifeline]?.destroy();
    };
    child.stdout?.once('close', letGo);
    child.once('exit', letGo);
    child.once('exit', () => {
      const timer = setTimeout(() => {
        kill();
        child.stdout?.destroy();
      }, lingerMs);
      child.once('close', () => clearTimeout(timer));
    });
    child.once('close', (code, signal) => resolve(signal === null ? { kind: 'exited', code: code ?? -1 } : { kind: 'signalled', signal }));
  });
  const handle: ProgramHandle | null =
    child.pid === undefined
      ? null
      : {
          pid: child.pid,
          write: (text) => {
            if (command.input === true) child.stdin?.write(text);
          },
          end: () => void child.stdin?.end(),
          resize: () => undefined,
        };
  return { ended, handle, kill };
};

/** Starts with a terminal of 80 by 24. */
export const startInTerminal = (command: RunnerCommand, onData: (chunk: Uint8Array) => void): StartedProgram => {
  const [file, ...args] = terminalArgv(command, process.pid);
  const terminal = spawnPty(file, args, { name: 'xterm-256color', cols: 80, rows: 24, cwd: command.cwd, env: command.env, encoding: null });
  terminal.onData(onData);
  const ended = new Promise<ProgramEnd>((resolve) => {
    terminal.onExit(({ exitCode, signal }) => {
      killGroup(terminal.pid);
      terminal.destroy();
      resolve(
        signal === undefined || signal === 0 ? { kind: 'exited', code: exitCode } : { kind: 'signalled', signal: signalName(signal) },
      );
    });
  });
  let isOver = false;
  void ended.finally(() => (isOver = true));
  const handle: ProgramHandle = {
    pid: terminal.pid,
    write: (text) => {
      if (!isOver) terminal.write(text);
    },
    // A terminal's end of input is a character.
    end: () => {
      if (!isOver) terminal.write('\u0004');
    },
    resize: (columns, rows) => {
      if (!isOver) terminal.resize(columns, rows);
    },
  };
  return { ended, handle, kill: () => killGroup(terminal.pid) };
};

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
