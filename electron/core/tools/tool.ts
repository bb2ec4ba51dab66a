import type { z } from 'zod';
import type { JsonObject } from '../../../shared/json.ts';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import type { EgressEvent } from '../ports/egress.ts';
import type { LayerView } from '../ports/layers.ts';
import type { ProgramHandle } from '../ports/runner.ts';
import type { AgentToken, CallId, Risk, Scope, TaskId } from '../../../shared/domain/identity.ts';
import type { Target } from '../../../shared/domain/target.ts';

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
  /** Commands that are run outside the sandbox, on the target; the digest covers them. */
  readonly plan?: readonly (readonly string[])[];
  /** Hosts that it reaches, beside those that its arguments name as links. */
  readonly hosts?: readonly string[];
  /** Whether it only shows what it would do. */
  readonly isDryRun?: boolean;
  /** Why the operator is asked even where policy allows. */
  readonly askAnyway?: { readonly rule: string; readonly reason: string };
  /** Hashes the operands again, as they are now. */
  rehash(): Promise<readonly Operand[]>;
  execute(run: ToolRun): Promise<ToolOutput>;
  /** Lets go of what is held. Called exactly once, whatever happened. */
  release(): Promise<void>;
}

/** What a call is run with. */
export interface ToolRun {
  /** The name of the sandbox profile that policy chose. */
  readonly profile: string;
  readonly signal: AbortSignal;
  readonly onOutput: (chunk: string) => void;
  /** Told once a command runs that the operator can type into. */
  readonly onStarted: (handle: ProgramHandle) => void;
  /** Told of each connection that the call tried to make to the outside. */
  readonly onEgress: (event: EgressEvent) => void;
  /**
   * The task's layer, to change files in: what a call changes there is collected when it has ended, and nothing else reaches the real files.
   * Errors: `unavailable` where no layer can be made.
   */
  readonly openLayer: () => Promise<LayerView>;
}

/** Who calls, and what the call sees. */
export interface ToolContext {
  readonly token: AgentToken;
  readonly task: TaskId;
  readonly call: CallId;
  /** What it acts on; its capabilities were looked at before. */
  readonly target: Target;
  /** The task's layer, where it differs from the real files; null where it does not. */
  readonly view: LayerView | null;
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
  /** The target that the arguments name; without it the tool acts on `local`. */
  targetOf?(args: z.output<Schema>): string;
  /** Errors: `invalid_input`, `forbidden`, `not_found`, each safe to tell the agent. Has no effect on anything. */
  resolve(args: z.output<Schema>, context: ToolContext): Promise<Resolution>;
}
