import type { Panic } from '../../core/panic/panic.ts';
import type { HandlersOf } from '../handler.ts';

export interface PanicHandlerDeps {
  readonly panic: Pick<Panic, 'trigger' | 'release'>;
}

/** Stops everything, and lets go again. Whoever reaches the operator's plane may stop; letting go is a decision. */
export function createPanicHandlers({ panic }: PanicHandlerDeps): HandlersOf<'panic.trigger' | 'panic.release'> {
  return {
    'panic.trigger': async (_input, { channel }) => await panic.trigger(channel),
    'panic.release': async (_input, { channel }) => await panic.release(channel),
  };
}
