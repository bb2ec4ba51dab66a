import type { z } from 'zod';
import type { JsonObject } from '../../../../shared/json.ts';
import type { Risk, Scope } from '../../../../shared/domain/identity.ts';
import type { TargetPlatform } from '../../../../shared/domain/target.ts';
import type { NetworkRequest } from '../../ports/operation-executor.ts';

/** A program by its bare name, and its arguments: each a word of its own, never a shell's text. */
export type Argv = readonly [string, ...string[]];

/** What a target has of a kind. A call may only name what is among it (F40). */
export type DiscoveryKind = 'container' | 'service' | 'package';

export interface NamedThing {
  readonly kind: DiscoveryKind;
  readonly name: string;
}

/** What was read of the target before the commands were made. */
export interface Inspection {
  readonly argv: Argv;
  /** Errors: AppError `invalid_input` when what came back is not something that can be gone on with. */
  read(output: string): Facts;
}

export type Facts = Readonly<Record<string, string>> & {
  /** Files that decide what the commands do; hashed like programs. One per line. */
  readonly files?: string;
};

/** Commands, one after the other; the first that fails ends it. */
export type Commands<Args> = (args: Args, facts: Facts) => readonly Argv[];

/** Programs on the target. */
export interface ProgramForm<Args> {
  readonly kind: 'programs';
  readonly root: boolean;
  /** Container engine that must answer before anything is tried. */
  readonly engine: boolean;
  /** By platform: ways to do it, of which the first whose programs are all there is taken. */
  readonly ways: Partial<Record<TargetPlatform, readonly Commands<Args>[]>>;
  readonly inspect?: (args: Args) => Inspection;
  /** What the output of each command says; without it the output is given as it is. */
  readonly parse?: (outputs: readonly string[]) => JsonObject;
}

/** The gateway itself, by its own rules of what may be reached. */
export interface NetworkForm<Args> {
  readonly kind: 'network';
  readonly request: (args: Args) => NetworkRequest;
}

/** A program that is given an address which the gateway has looked up and judged. */
export interface AddressForm<Args> {
  readonly kind: 'address';
  readonly host: (args: Args) => string;
  readonly ways: Partial<Record<TargetPlatform, readonly ((args: Args, address: string) => Argv)[]>>;
}

/** A file tool of the gateway's own, in the token's workspaces. */
export interface FileForm<Args> {
  readonly kind: 'files';
  readonly call: (args: Args) => { readonly tool: 'file_list' | 'file_read' | 'file_search'; readonly args: JsonObject };
}

/** One thing that can be done on a target. The table of them is `operations.ts`. */
export interface Operation<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope;
  readonly risk: Risk;
  /** Strict; every text by a pattern under which it can be nothing but a value. */
  readonly parameters: Schema;
  /** What it does, for the card: `restart the container web`. */
  summary(args: z.output<Schema>): string;
  /** What would be different afterwards, for the dry run; null: nothing. */
  readonly changes: ((args: z.output<Schema>) => string) | null;
  /** What it names that must be known on the target. */
  readonly names?: (args: z.output<Schema>) => readonly NamedThing[];
  readonly form: ProgramForm<z.output<Schema>> | NetworkForm<z.output<Schema>> | AddressForm<z.output<Schema>> | FileForm<z.output<Schema>>;
  /** Seconds at most; a target may allow fewer. */
  readonly timeoutS: number;
}

/** Declares an operation with its parameters' own type. */
export const defineOperation = <Schema extends z.ZodObject>(operation: Operation<Schema>): Operation => operation;
