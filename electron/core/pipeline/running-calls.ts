import type { CallId } from '../../../shared/domain/identity.ts';

/** The calls that are executing now, so that they can be stopped. */
export interface RunningCalls {
  /** Registers a call; the signal aborts when the operator stops it, or `outer` aborts. */
  begin(call: CallId, outer: AbortSignal): { readonly signal: AbortSignal; end(): void };
  /** False when no such call runs. */
  stop(call: CallId, reason: string): boolean;
  count(): number;
}

export function createRunningCalls(): RunningCalls {
  const calls = new Map<CallId, AbortController>();
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
        end() {
          outer.removeEventListener('abort', forward);
          calls.delete(call);
        },
      };
    },
    stop(call, reason) {
      const controller = calls.get(call);
      controller?.abort(reason);
      return controller !== undefined;
    },
    count: () => calls.size,
  };
}
