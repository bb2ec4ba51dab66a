import { AppError } from '../../shared/errors.ts';

/** Something that is started, and undone in reverse. */
export interface Stage {
  readonly name: string;
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

export interface Lifecycle {
  /** Starts the stages in order, once. A stage that fails has those before it stopped, and its error is thrown; so does a `stop` meanwhile. */
  start(): Promise<void>;
  /** Stops in reverse what was started; while starting, after the stage that is under way. One that fails to stop does not keep the others from stopping. */
  stop(): Promise<void>;
}

export function createLifecycle(stages: readonly Stage[], onStopFailed: (stage: string, error: unknown) => void): Lifecycle {
  const started: Stage[] = [];
  let starting: Promise<void> = Promise.resolve();
  let isStopping = false;

  async function startAll(): Promise<void> {
    for (const stage of stages) {
      if (isStopping) throw new AppError('unavailable', 'Stopped while starting.');
      await stage.start?.();
      started.push(stage);
    }
  }

  async function stopAll(): Promise<void> {
    for (let stage = started.pop(); stage !== undefined; stage = started.pop()) {
      try {
        await stage.stop?.();
      } catch (error) {
        onStopFailed(stage.name, error);
      }
    }
  }

  return {
    async start() {
      starting = startAll();
      try {
        await starting;
      } catch (error) {
        await stopAll();
        throw error;
      }
    },
    async stop() {
      isStopping = true;
      await starting.catch(() => undefined);
      await stopAll();
    },
  };
}
