import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import { Digest } from '../../../shared/domain/identity.ts';
import type { Target } from '../../../shared/domain/target.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { OperationExecutor } from '../ports/operation-executor.ts';
import { CallRefused } from '../tools/call-refused.ts';
import type { Resolution, ToolOutput, ToolRun } from '../tools/tool.ts';
import { planAddress, planPrograms, textualPlan, waysOf, type OperationPlan } from './operation-plan.ts';
import type { OperationCall, OperationToolsDeps, PlannedOperation } from './operation-call.ts';
import type { Argv, NamedThing } from './operations/operation.ts';
import { noExecutor } from './target-views.ts';
import { runOperation } from './run-operation.ts';

/**
 * From arguments to a plan: names are known on the target, programs are found and hashed, what is missing is told. Nothing is changed; the
 * target is only asked what it has. Errors: `CallRefused`, `unavailable`.
 */
export async function resolveOperation(deps: OperationToolsDeps, call: OperationCall): Promise<Resolution> {
  const { target } = call.context;
  const executor = deps.executors(target);
  if (executor === null && !call.isDryRun)
    throw new CallRefused('builtin:target', noExecutor(target.id), 'Nothing was done. Name a target of type local, or ask the operator.');
  if (call.operation.form.kind === 'files') return await resolveFiles(deps, call);
  if (executor !== null) await requireKnown(deps, call, executor, false);
  const plan = executor === null ? textualPlan(call.operation, target, call.args) : await planFor(call, target, executor);
  const operands = [...plan.operands, ...(await hashFiles(plan.files))];
  return resolutionOf(deps, { ...call, target, executor, plan: { ...plan, operands } });
}

async function planFor({ operation, args }: OperationCall, target: Target, executor: OperationExecutor): Promise<OperationPlan> {
  const { form } = operation;
  switch (form.kind) {
    case 'programs':
      return await planPrograms(operation, form, { target, executor, args });
    case 'address': {
      // SECURITY: what was judged is what the program is given; it looks nothing up itself (THREATS rule 13).
      const [address] = await executor.addresses(form.host(args), AbortSignal.timeout(20_000));
      if (address === undefined) throw new AppError('not_found', `${form.host(args)} has no address`);
      return await planAddress(operation, waysOf(operation, form.ways, target), { target, executor, args, address });
    }
    case 'network':
    case 'files':
      return textualPlan(operation, target, args);
  }
}

/** SECURITY: only names that the target knows itself; whatever else is refused, however well it is written (F40). */
async function requireKnown(deps: OperationToolsDeps, call: OperationCall, executor: OperationExecutor, fresh: boolean): Promise<void> {
  const { operation, args, context } = call;
  const things = operation.names?.(args) ?? [];
  try {
    // The list of containers comes from the engine itself.
    const isAsked = things.some(({ kind }) => kind === 'container');
    if (operation.form.kind === 'programs' && operation.form.engine && !isAsked) await deps.names.requireEngine(context.target, executor);
    for (const thing of things)
      if (!(await deps.names.has(context.target, executor, thing, fresh))) throw unknownName(thing, context.target);
  } catch (error) {
    if (error instanceof CallRefused || !(error instanceof AppError)) throw error;
    throw new CallRefused('builtin:target-needs', error.message, 'Nothing was done. Ask the operator to mend it, then call again.');
  }
}

const unknownName = ({ kind, name }: NamedThing, { id }: Target): CallRefused =>
  new CallRefused(
    'builtin:unknown-name',
    `There is no ${kind} ${JSON.stringify(name)} on the target ${id}.`,
    kind === 'container' ? 'See container_list for those that there are.' : 'Nothing was done. Look for a typing error.',
  );

function resolutionOf(deps: OperationToolsDeps, planned: PlannedOperation): Resolution {
  const { operation, target, plan, isDryRun } = planned;
  const needsQuestion = !isDryRun && plan.root && target.constraints.sudo === 'ask';
  return {
    target: target.id,
    workspace: null,
    cwd: null,
    argv: null,
    env: null,
    operands: plan.operands,
    commands: null,
    plan: plan.steps,
    isDryRun,
    hosts: hostsOf(planned),
    ...(needsQuestion ? { askAnyway: { rule: 'builtin:target-sudo', reason: `It needs root rights on the target ${target.id}.` } } : {}),
    preview: previewOf(planned),
    rehash: async () => {
      if (planned.executor === null) return [];
      await requireKnown(deps, planned, planned.executor, true);
      const now = await planFor(planned, target, planned.executor);
      // SECURITY: what the target would now run is what the operator saw, or nothing.
      if (operation.form.kind === 'programs' && JSON.stringify(now.steps) !== JSON.stringify(plan.steps))
        throw new AppError('conflict', 'the commands would not be the same any more');
      return [...now.operands, ...(await hashFiles(now.files))];
    },
    execute: async (run) => (isDryRun ? shownPlan(planned) : await runOperation(deps, planned, run)),
    release: async () => undefined,
  };
}

function hostsOf({ operation: { form }, args }: PlannedOperation): readonly string[] {
  if (form.kind === 'address') return [form.host(args)];
  if (form.kind !== 'network') return [];
  const request = form.request(args);
  return [request.kind === 'http' ? request.url.hostname.replace(/^\[(.*)\]$/, '$1') : request.host];
}

function previewOf({ operation, args, target, plan, isDryRun }: PlannedOperation): CallPreview {
  const what = `${operation.summary(args)} on ${target.id}`;
  return {
    summary: isDryRun ? `show the plan, and do nothing: ${what}` : what,
    command: plan.steps.length === 0 ? null : plan.steps.map((step) => commandText(step, plan.root)).join('\n'),
    cwd: null,
    paths: [],
    operands: [...plan.operands],
    programs: [...new Set(plan.steps.map(([program]) => program))],
    runs_unlisted: [],
    unparsed: false,
    diff: null,
  };
}

/** As one could type it; each word on its own, quoted where it is not plain. */
const commandText = (argv: Argv, root: boolean): string =>
  [...(root ? ['sudo'] : []), ...argv]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');

/** F94: the plan, and nothing else. */
function shownPlan({ operation, args, target, executor, plan }: PlannedOperation): ToolOutput {
  const changes = operation.changes?.(args) ?? null;
  const document: JsonObject = {
    dry_run: true,
    operation: operation.name,
    target: target.id,
    would: `${operation.summary(args)} on ${target.id}`,
    commands: plan.steps.map((step) => [...step]),
    as_root: plan.root,
    changes: changes ?? 'Nothing: it only looks.',
    notes: [
      ...(executor === null ? ['The target cannot be reached by this version, so names and programs were not looked at.'] : []),
      ...(operation.form.kind === 'network' ? ['The gateway does this itself, by its own rules of what may be reached.'] : []),
      ...(plan.steps.length === 0 && operation.form.kind === 'programs'
        ? ['The commands depend on what the target says, which cannot be asked.']
        : []),
    ],
  };
  const text = JSON.stringify(document, null, 2);
  return { text, structured: document, isError: false, exitCode: null, truncated: false, bytes: Buffer.byteLength(text) };
}

/** Files of this machine, through the file tools: same workspaces, same protected places, same layer. */
async function resolveFiles(deps: OperationToolsDeps, { operation, args, isDryRun, context }: OperationCall): Promise<Resolution> {
  if (operation.form.kind !== 'files' || context.target.type !== 'local')
    throw new CallRefused(
      'builtin:target',
      noExecutor(context.target.id),
      'Nothing was done. Name a target of type local, or ask the operator.',
    );
  const { tool: name, args: own } = operation.form.call(args);
  const tool = deps.fileTool(name);
  const parsed = tool?.arguments.safeParse(own);
  if (tool === null || parsed?.success !== true)
    throw new AppError('invalid_input', `${operation.name}: ${parsed?.error?.issues[0]?.message ?? 'it cannot be done'}`);
  const inner = await tool.resolve(parsed.data, context);
  const planned = { operation, args, isDryRun, context, target: context.target, executor: deps.executors(context.target), plan: noPlan };
  return {
    ...inner,
    target: context.target.id,
    isDryRun,
    preview: { ...inner.preview, summary: previewOf(planned).summary },
    execute: async (run: ToolRun) => (isDryRun ? shownPlan(planned) : await inner.execute(run)),
  };
}

const noPlan: OperationPlan = { steps: [], root: false, operands: [], files: [] };

/** SECURITY: a file that decides what a program does counts as one of the call's operands (THREATS rule 2). */
const hashFiles = async (files: readonly string[]): Promise<readonly Operand[]> =>
  await Promise.all(
    files.map(async (path) => {
      const bytes = await readFile(path).catch(() => null);
      if (bytes === null) throw new CallRefused('builtin:target-needs', `${path} cannot be read.`, 'Nothing was done. Ask the operator.');
      return { path, sha256: Digest.parse(createHash('sha256').update(bytes).digest('hex')) };
    }),
  );
