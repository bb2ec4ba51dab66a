/** Something that is started, and undone in reverse. */
export interface Stage {
  readonly name: string;
  start?(): Promise<void> | void;
  stop?(): Promise<void> | void;
}

export interface Lifecycle {
  /** Starts the stages in order. A stage that fails has those before it stopped, and its error is thrown. */
  start(): Promise<void>;
  /** Stops in reverse what was started. One that fails to stop is reported and does not keep the others from stopping. */
  stop(): Promise<void>;
}

export function createLifecycle(stages: readonly Stage[], onStopFailed: (stage: string, error: unknown) => void): Lifecycle {
  let started: Stage[] = [];

  async function stop(): Promise<void> {
    const reverse = started.reverse();
    started = [];
    for (const stage of reverse) {
      try {
        await stage.stop?.();
      } catch (error) {
        onStopFailed(stage.name, error);
      }
    }
  }

  return {
    async start() {
      try {
        for (const stage of stages) {
          await stage.start?.();
          started.push(stage);
        }
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}
