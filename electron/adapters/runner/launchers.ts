import { ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { killGroup } from './kill-group.ts';
import { waitingArgv, type LauncherShape } from './launcher.ts';

/** Launchers that wait for their instructions, some of them started ahead: to start a process, a large one such as the gateway takes its time. */
export interface Launchers {
  /** A launcher that nobody else has. `ahead`: then others like it are kept ready for those that come after it. */
  take(shape: LauncherShape, ahead: boolean): ChildProcess;
  /** Ends those that wait. */
  stop(): void;
}

interface Waiting {
  readonly launcher: ChildProcess;
  /** Takes it off the list. */
  leave(): void;
}

/** How many of one shape wait. */
const spare = 2;
/** How many shapes there are launchers for; those of the shape that was longest unused go first. */
const shapes = 4;
/** After the last one was taken: what was handed over has begun by then, and most likely ended. Milliseconds. */
const refillMs = 40;

export const createLaunchers = (): Launchers => {
  const waiting = new Map<string, readonly Waiting[]>();
  const timers = new Map<string, NodeJS.Timeout>();

  const startAhead = (key: string, shape: LauncherShape): void => {
    const launcher = start(shape);
    hold(launcher, false);
    const leave = (): void => {
      waiting.set(
        key,
        (waiting.get(key) ?? []).filter((one) => one.launcher !== launcher),
      );
      launcher.off('exit', died).off('error', died);
    };
    const died = (): void => {
      leave();
      end(launcher);
    };
    launcher.once('exit', died).once('error', died);
    waiting.set(key, [...(waiting.get(key) ?? []), { launcher, leave }]);
  };
  const refillLater = (key: string, shape: LauncherShape): void => {
    clearTimeout(timers.get(key));
    const timer = setTimeout(() => {
      if ((waiting.get(key)?.length ?? 0) >= spare) return;
      startAhead(key, shape);
      refillLater(key, shape);
    }, refillMs);
    timers.set(key, timer.unref());
  };
  const drop = (key: string): void => {
    clearTimeout(timers.get(key));
    timers.delete(key);
    for (const { launcher } of waiting.get(key) ?? []) end(launcher);
    waiting.delete(key);
  };
  /** Moves it to the end, as the one used last. */
  const touch = (key: string): void => {
    const list = waiting.get(key) ?? [];
    waiting.delete(key);
    waiting.set(key, list);
    for (const oldest of [...waiting.keys()].slice(0, -shapes)) drop(oldest);
  };

  return {
    take(shape, ahead) {
      if (!ahead) return start(shape);
      const key = JSON.stringify([shape.cwd, shape.gate === true, shape.input === true, Object.entries(shape.env)]);
      touch(key);
      refillLater(key, shape);
      const found = waiting.get(key)?.find(({ launcher }) => isAlive(launcher));
      if (found === undefined) return start(shape);
      found.leave();
      hold(found.launcher, true);
      return found.launcher;
    },
    stop() {
      for (const key of [...waiting.keys()]) drop(key);
    },
  };
};

const start = (shape: LauncherShape): ChildProcess => {
  const [file, ...args] = waitingArgv(shape);
  return spawn(file, args, {
    cwd: shape.cwd,
    env: shape.env,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    detached: true,
    shell: false,
  });
};

/** Whether it, and each of its pipes, keeps the gateway running. */
const hold = (launcher: ChildProcess, isHeld: boolean): void => {
  for (const each of [launcher, ...launcher.stdio]) {
    if (!(each instanceof ChildProcess || each instanceof Socket)) continue;
    if (isHeld) each.ref();
    else each.unref();
  }
};

/** With what it has started: that would wait for the end of the gateway. */
const end = (launcher: ChildProcess): void => {
  if (launcher.pid !== undefined) killGroup(launcher.pid);
  for (const pipe of launcher.stdio) pipe?.destroy();
};

const isAlive = ({ pid, exitCode, signalCode }: ChildProcess): boolean => pid !== undefined && exitCode === null && signalCode === null;
