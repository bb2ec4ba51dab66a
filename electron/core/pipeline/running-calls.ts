import type { ProgramHandle } from '../ports/runner.ts';
import type { CallId } from '../../../shared/domain/identity.ts';

/** The calls that are executing now, so that they can be stopped. */
export interface RunningCalls {
  /** Registers a call; the signal aborts when the operator stops it, or `outer` aborts. */
  begin(call: CallId, outer: AbortSignal): { readonly signal: AbortSignal; attach(handle: ProgramHandle): void; end(): void };
  /** The program that a call runs, to type into; null when it has none. */
  program(call: CallId): ProgramHandle | null;
  /** False when no such call runs. */
  stop(call: CallId, reason: string): boolean;
  count(): number;
}

export function createRunningCalls(): RunningCalls {
  const calls = new Map<CallId, AbortController>();
  const programs = new Map<CallId, ProgramHandle>();
  return {
    begin(call, outer) {
      const controller = new AbortController();
      const forward = (): void => {
        controller.abort(outer.reason);
      };
      if (outer.aborted) forward();
      outer.addEventListener('abort', forward);
      calls.set(call, controller);
      return {
        signal: controller.signal,
        attach: (handle) => void programs.set(call, handle),
        end() {
          outer.removeEventListener('abort', forward);
          calls.delete(call);
          programs.delete(call);
        },
      };
    },
    stop(call, reason) {
      const controller = calls.get(call);
      controller?.abort(reason);
      return controller !== undefined;
    },
    program: (call) => programs.get(call) ?? null,
    count: () => calls.size,
  };
}
