import { z } from 'zod';
import { localTarget, TargetId } from '../../../shared/domain/target.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { OperationToolsDeps } from './operation-call.ts';
import { operations } from './operations/operations.ts';
import type { Operation } from './operations/operation.ts';
import { resolveOperation } from './resolve-operation.ts';

/** What every operation takes beside its own parameters. */
const common = {
  target: TargetId.default(localTarget).describe('The system to act on.'),
  dry_run: z.boolean().default(false).describe('Only show the plan: what would run where, and what it would change. Nothing is done.'),
};

/** Every operation of the table as a tool. */
export const createOperationTools = (deps: OperationToolsDeps): readonly ToolDefinition[] =>
  operations.map((operation) => operationTool(operation, deps));

const operationTool = (operation: Operation, deps: OperationToolsDeps): ToolDefinition => {
  const { name, title, description, scope, risk, parameters } = operation;
  const schema = parameters.extend(common);
  return {
    name,
    title,
    description,
    scope,
    risk,
    arguments: schema,
    targetOf: (args) => z.string().parse(args['target']),
    resolve: async ({ target: _target, dry_run, ...args }, context) =>
      await resolveOperation(deps, { operation, args, isDryRun: dry_run === true, context }),
  };
};
