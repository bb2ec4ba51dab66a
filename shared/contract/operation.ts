import { z } from 'zod';

/**
 * What a caller must be to use an operation:
 * `read`   – any operator channel;
 * `decide` – decides, mints, grants or loosens: the window and the console always, the command line only when headless or by leave of the window (THREATS rule 21);
 * `shell`  – acts on the desktop itself: the window only.
 */
export type Power = 'read' | 'decide' | 'shell';

export interface Operation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: 'query' | 'command';
  readonly power: Power;
  readonly input: Input;
  readonly output: Output;
}

/** Asks; any operator channel may. */
export function query<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Operation<I, O> {
  return { kind: 'query', power: 'read', input, output };
}

/** Acts. */
export function command<I extends z.ZodType, O extends z.ZodType>(power: Power, input: I, output: O): Operation<I, O> {
  return { kind: 'command', power, input, output };
}

/** Of an operation that takes, or answers, nothing. */
export const nothing = z.strictObject({});
