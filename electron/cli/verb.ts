import type { Host } from './host.ts';
import type { Options } from './options.ts';
import type { Output } from './output.ts';
import type { World } from './world.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: true;
  /** For the usage text: `DIR`. */
  readonly value?: string;
  readonly about: string;
}

export interface VerbContext {
  readonly options: Options;
  /** At least as many as the verb names, the optional ones null when they were not given; more only for `[…]`. */
  readonly words: readonly (string | null)[];
  readonly out: Output;
  readonly host: Host;
  readonly dataDir: string;
  readonly world: World;
}

/** One thing the command does. */
export interface Verb {
  /** `token mint`; the first word is the group. */
  readonly name: string;
  readonly about: string;
  /** Words after the name: `ID`, `[FILE]` for one that may be left out, or, last, `[FILE…]` for any number. */
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  run(context: VerbContext): Promise<number>;
}
