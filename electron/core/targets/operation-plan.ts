import type { Operand } from '../../../shared/domain/call.ts';
import type { Target } from '../../../shared/domain/target.ts';
import type { OperationExecutor } from '../ports/operation-executor.ts';
import { CallRefused } from '../tools/call-refused.ts';
import { ask } from './known-names.ts';
import type { Argv, Facts, Operation, ProgramForm } from './operations/operation.ts';

/** What an operation would run, step by step, with the programs and files that decide it. */
export interface OperationPlan {
  /** Each with the program's own path where the target was asked for it. */
  readonly steps: readonly Argv[];
  readonly root: boolean;
  readonly operands: readonly Operand[];
  /** Absolute paths of files that decide what the programs do. */
  readonly files: readonly string[];
}

type Args = Readonly<Record<string, unknown>>;

/** The plan without asking the target for anything: the first way, its programs by their bare names. For a dry run where nothing can be reached. */
export const textualPlan = (operation: Operation, target: Target, args: Args): OperationPlan => {
  const { form } = operation;
  switch (form.kind) {
    case 'programs': {
      const [way] = waysOf(operation, form.ways, target);
      return { steps: form.inspect === undefined && way !== undefined ? way(args, {}) : [], root: form.root, operands: [], files: [] };
    }
    case 'address': {
      const [way] = waysOf(operation, form.ways, target);
      return { steps: way === undefined ? [] : [way(args, form.host(args))], root: false, operands: [], files: [] };
    }
    case 'network':
    case 'files':
      return { steps: [], root: false, operands: [], files: [] };
  }
};

/** The plan as the target can carry it out. Errors: `CallRefused` naming what is missing there; `unavailable`. */
export async function planPrograms(
  operation: Operation,
  form: ProgramForm<Args>,
  { target, executor, args }: { readonly target: Target; readonly executor: OperationExecutor; readonly args: Args },
): Promise<OperationPlan> {
  if (form.root) await requireRoot(operation, target, executor);
  const inspection = form.inspect?.(args);
  const facts: Facts =
    inspection === undefined ? {} : inspection.read(await ask(executor, inspection.argv, `${operation.name} cannot be planned`));
  const missing: string[] = [];
  for (const way of waysOf(operation, form.ways, target)) {
    const found = await findPrograms(way(args, facts), executor);
    if (found.ok) return { ...found.plan, root: form.root, files: facts.files?.split('\n') ?? [] };
    missing.push(found.missing);
  }
  throw missingProgram(operation, target, missing);
}

/** The one command of an operation that is given an address. */
export async function planAddress(
  operation: Operation,
  ways: readonly ((args: Args, address: string) => Argv)[],
  {
    target,
    executor,
    args,
    address,
  }: { readonly target: Target; readonly executor: OperationExecutor; readonly args: Args; readonly address: string },
): Promise<OperationPlan> {
  const missing: string[] = [];
  for (const way of ways) {
    const found = await findPrograms([way(args, address)], executor);
    if (found.ok) return { ...found.plan, root: false, files: [] };
    missing.push(found.missing);
  }
  throw missingProgram(operation, target, missing);
}

/** What a platform has no way for is refused. */
export function waysOf<Way>(
  operation: Operation,
  ways: Partial<Record<Target['platform'], readonly Way[]>>,
  { id, platform }: Target,
): readonly Way[] {
  const found = ways[platform] ?? ways.generic ?? [];
  if (found.length > 0) return found;
  throw new CallRefused(
    'builtin:target-needs',
    `${operation.name} is not known for the platform ${platform} of the target ${id}.`,
    'Nothing was done. Ask the operator whether the platform in targets.yaml is right.',
  );
}

const missingProgram = ({ name }: Operation, { id }: Target, missing: readonly string[]): CallRefused =>
  new CallRefused(
    'builtin:target-needs',
    `${name} needs ${missing.join(' or ')}, which the target ${id} does not have.`,
    'Nothing was done. Ask the operator to install it, or do it another way.',
  );

async function requireRoot({ name }: Operation, { id, constraints }: Target, executor: OperationExecutor): Promise<void> {
  const refused = (reason: string): CallRefused =>
    new CallRefused(
      'builtin:target-needs',
      `${name} needs root rights on the target ${id}, ${reason}`,
      'Nothing was done. Ask the operator to do it.',
    );
  if (constraints.sudo === 'never') throw refused('and its sudo policy in targets.yaml is never.');
  if ((await executor.rootBy()) === null) throw refused('where Gatehouse does not run as root and there is no sudo.');
}

async function findPrograms(
  commands: readonly Argv[],
  executor: OperationExecutor,
): Promise<
  { readonly ok: true; readonly plan: Pick<OperationPlan, 'steps' | 'operands'> } | { readonly ok: false; readonly missing: string }
> {
  const operands = new Map<string, Operand>();
  const steps: Argv[] = [];
  for (const [program, ...args] of commands) {
    const found = await executor.find(program);
    if (found === null) return { ok: false, missing: program };
    operands.set(found.path, found);
    steps.push([found.path, ...args]);
  }
  return { ok: true, plan: { steps, operands: [...operands.values()] } };
}
