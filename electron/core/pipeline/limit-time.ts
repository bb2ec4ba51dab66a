import type { CallId } from '../../../shared/domain/identity.ts';
import type { Target } from '../../../shared/domain/target.ts';
import type { PipelineDeps } from './call-context.ts';

/** Milliseconds that a tool has to end a call by itself, with what it can tell, before it is ended from here. */
const graceMs = 1000;

/** F36: no call outlives its target's time limit. The returned function takes the limit away. */
export function limitTime({ clock, running }: Pick<PipelineDeps, 'clock' | 'running'>, call: CallId, target: Target): () => void {
  const seconds = target.constraints.timeout_s;
  if (seconds === undefined) return () => undefined;
  const reason = `Killed after the time limit of the target ${target.id}, ${seconds.toString()} s.`;
  return clock.after(seconds * 1000 + graceMs, () => void running.stop(call, reason));
}
