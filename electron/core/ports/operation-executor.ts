import type { Operand } from '../../../shared/domain/call.ts';
import type { Target } from '../../../shared/domain/target.ts';
import type { EgressEvent } from './egress.ts';
import type { ProgramHandle, RunnerResult } from './runner.ts';

/** A program that an operation runs on its target. Never a shell's text. */
export interface OperationCommand {
  /** The program as `find` answered it, and its arguments. */
  readonly argv: readonly string[];
  /** Whether it needs root rights. */
  readonly root: boolean;
  readonly timeoutMs: number;
  /** Bytes of output that are kept. */
  readonly outputLimit: number;
}

/** What the gateway asks of the network itself, by its own rules of what may be reached (THREATS rule 13), instead of having a program ask. */
export type NetworkRequest =
  | { readonly kind: 'lookup'; readonly host: string }
  | { readonly kind: 'connect'; readonly host: string; readonly port: number }
  | { readonly kind: 'certificate'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: URL; readonly method: 'GET' | 'HEAD' };

/** Facts as `name: value`, in the order to show them, and the text of a body if there is one. */
export interface NetworkAnswer {
  readonly ok: boolean;
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly body: string | null;
}

export interface OperationEvents {
  readonly onOutput?: (chunk: string) => void;
  readonly onStarted?: (handle: ProgramHandle) => void;
  readonly onEgress?: (event: EgressEvent) => void;
}

/** Does operations on targets of one type. Which ones, and whether they may, was decided before. */
export interface OperationExecutor {
  /** The program behind a bare name as the target has it, with its hash; null when there is none that may be used. */
  find(program: string): Promise<Operand | null>;
  /** How root rights are come by there: it has them, `sudo` would have to give them, or there is no way. */
  rootBy(): Promise<'itself' | 'sudo' | null>;
  /** Runs to the end with an environment of its own, killed at its time limit. Errors: `unavailable` when it cannot be started. */
  run(command: OperationCommand, signal: AbortSignal, events?: OperationEvents): Promise<RunnerResult>;
  /** The addresses of a host that may be reached, as they will be used. Errors: `forbidden` with the reason, `not_found`. */
  addresses(host: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Errors: `forbidden` when it may not be reached, `unavailable` when it does not answer. */
  request(
    request: NetworkRequest,
    limits: { readonly timeoutMs: number },
    signal: AbortSignal,
    events?: OperationEvents,
  ): Promise<NetworkAnswer>;
}

/** The executor for a target; null when this version has none. */
export type OperationExecutors = (target: Pick<Target, 'type'>) => OperationExecutor | null;
