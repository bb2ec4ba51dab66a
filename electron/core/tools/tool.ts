import type { z } from 'zod';
import type { JsonObject } from '../../../shared/json.ts';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import type { AgentToken, Risk, Scope } from '../../../shared/domain/identity.ts';

/** What a tool gives back to the agent. */
export interface ToolOutput {
  readonly text: string;
  readonly structured: JsonObject;
  /** True when the tool ran and failed (a command that exited non-zero is not a failure of the tool). */
  readonly isError: boolean;
  readonly exitCode: number | null;
  readonly truncated: boolean;
  /** Bytes before truncation. */
  readonly bytes: number;
}

/**
 * A call whose arguments have become concrete things: paths that are held open, commands that are parsed, operands that are hashed.
 * Policy judges it, the card shows it, the digest covers it, and `execute` runs it and nothing else.
 */
export interface Resolution {
  readonly target: string;
  readonly workspace: string | null;
  readonly cwd: string | null;
  readonly argv: readonly string[] | null;
  readonly env: Readonly<Record<string, string>> | null;
  readonly operands: readonly Operand[];
  /** Each command of a command line, its words joined by single spaces; null when the tool runs none. */
  readonly commands: readonly string[] | null;
  readonly preview: CallPreview;
  /** Hashes the operands again, as they are now. */
  rehash(): Promise<readonly Operand[]>;
  execute(run: { readonly profile: string; readonly signal: AbortSignal; readonly onOutput: (chunk: string) => void }): Promise<ToolOutput>;
  /** Lets go of what is held. Called exactly once, whatever happened. */
  release(): Promise<void>;
}

/** A tool, declared once. The registry refuses to start with an incomplete one. */
export interface ToolDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope;
  readonly risk: Risk;
  /** Strict: extra keys are refused. */
  readonly arguments: Schema;
  /** Errors: `invalid_input`, `forbidden`, `not_found`, each safe to tell the agent. Has no effect on anything. */
  resolve(args: z.output<Schema>, context: { readonly token: AgentToken }): Promise<Resolution>;
}
