import type { Target } from '../../../shared/domain/target.ts';
import type { OperationExecutor, OperationExecutors } from '../ports/operation-executor.ts';
import type { ToolContext, ToolDefinition } from '../tools/tool.ts';
import type { KnownNames } from './known-names.ts';
import type { OperationPlan } from './operation-plan.ts';
import type { Operation } from './operations/operation.ts';

export interface OperationToolsDeps {
  readonly executors: OperationExecutors;
  readonly names: KnownNames;
  /** The gateway's own file tools, by name: files of this machine are reached through nothing else. */
  readonly fileTool: (name: string) => ToolDefinition | null;
  /** Bytes of output that are kept. */
  readonly outputLimit: () => number;
}

/** An operation that was called, with its arguments parsed. */
export interface OperationCall {
  readonly operation: Operation;
  readonly args: Readonly<Record<string, unknown>>;
  readonly isDryRun: boolean;
  readonly context: ToolContext;
}

/** The operation as it can be carried out there. */
export interface PlannedOperation extends OperationCall {
  readonly target: Target;
  readonly executor: OperationExecutor | null;
  readonly plan: OperationPlan;
}
