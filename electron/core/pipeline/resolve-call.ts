import type { z } from 'zod';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import { localTarget } from '../../../shared/domain/target.ts';
import { AppError } from '../../../shared/errors.ts';
import { JsonObject } from '../../../shared/json.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import { randomId } from '../identity/random-id.ts';
import type { TaskLayer } from '../changes/task-layers.ts';
import { CallRefused } from '../tools/call-refused.ts';
import type { Resolution, ToolDefinition } from '../tools/tool.ts';
import { checkTarget } from './check-target.ts';
import type { Denial, IncomingCall, PipelineDeps, ResolvedCall, Step } from './call-context.ts';

/** Step 1: from a name and parsed arguments to concrete things, held open, with one digest over all of them. */
export async function resolveCall(deps: PipelineDeps, incoming: IncomingCall): Promise<Step<ResolvedCall>> {
  const task = await deps.tasks.forCall(incoming.token.id);
  const tool = deps.registry.get(incoming.tool);
  const record = newRecord(deps, incoming, tool, task.id);
  const refuse = (outcome: Denial['outcome'], rule: string, reason: string, nextStep: string): Step<never> => ({
    ok: false,
    denial: { outcome, rule, reason, nextStep, isRecorded: false },
    record,
  });

  if (tool === null) return refuse('denied', 'builtin:unknown-tool', 'No tool of this name is declared.', 'List the tools.');
  // SECURITY: scope before arguments, so that a token learns nothing about files through tools that it may not call.
  if (!incoming.token.scopes.includes(tool.scope)) {
    return refuse(
      'denied',
      'builtin:scope',
      `The token does not hold the scope ${tool.scope}.`,
      'Ask the operator for a token with that scope.',
    );
  }
  const args = tool.arguments.safeParse(incoming.args);
  if (!args.success)
    return refuse(
      'invalid',
      'builtin:arguments',
      `${issuesText(args.error)}${noDryRun(tool, record.arguments)}`,
      'Correct the arguments and call again.',
    );
  // SECURITY: the target's part of the right before anything there is looked at.
  const id = tool.targetOf?.(args.data) ?? localTarget;
  const checked = checkTarget(deps, incoming.token, tool, id);
  if (!checked.ok) return { ok: false, denial: checked.denial, record: { ...record, target: id } };
  const { target } = checked;

  // What the task has changed and the real files do not have is what the call sees.
  let layer: TaskLayer | null = null;
  let resolution: Resolution | null = null;
  try {
    layer = await deps.layers.forTask(task.id, incoming.token.workspaces);
    const context = { token: incoming.token, task: task.id, call: record.id, target, view: layer.view() };
    resolution = await tool.resolve(args.data, context);
    return { ok: true, value: { ...bind(deps, incoming, tool, resolution, record, task.id), target, layer } };
  } catch (error) {
    await resolution?.release();
    await layer?.close();
    if (error instanceof CallRefused)
      return {
        ok: false,
        denial: { outcome: 'denied', rule: error.rule, reason: error.message, nextStep: error.nextStep, isRecorded: false },
        record: { ...record, target: id },
      };
    if (!(error instanceof AppError)) throw error;
    const isForbidden = error.code === 'forbidden';
    return refuse(
      isForbidden ? 'denied' : 'invalid',
      isForbidden ? 'builtin:out-of-reach' : 'builtin:arguments',
      error.message,
      'Choose something inside the workspace and call again.',
    );
  }
}

function newRecord(deps: PipelineDeps, incoming: IncomingCall, tool: ToolDefinition | null, taskId: CallRecord['task_id']): CallRecord {
  const args = JsonObject.safeParse(incoming.args);
  return {
    id: randomId('call', 20) as CallId,
    task_id: taskId,
    token_id: incoming.token.id,
    agent: incoming.token.agent,
    tool: incoming.tool.slice(0, 200),
    scope: tool?.scope ?? null,
    risk: tool?.risk ?? 'critical',
    target: 'local',
    workspace: null,
    arguments: args.success ? args.data : {},
    digest: null,
    preview: null,
    verdict: null,
    approval_id: null,
    change_set_id: null,
    state: 'running',
    outcome: null,
    reason: null,
    received_at: new Date(deps.clock.now()).toISOString(),
    started_at: null,
    finished_at: null,
    output: null,
  };
}

/** The call digest: everything that decides what will happen, in canonical form. */
function bind(
  deps: PipelineDeps,
  incoming: IncomingCall,
  tool: ToolDefinition,
  resolution: Resolution,
  record: CallRecord,
  taskId: NonNullable<CallRecord['task_id']>,
): Omit<ResolvedCall, 'layer' | 'target'> {
  const operands = [...resolution.operands].sort((a, b) => (a.path < b.path ? -1 : 1));
  const covered = JsonObject.parse({
    tool: tool.name,
    definition: deps.registry.definitionHash(tool.name),
    arguments: record.arguments,
    target: resolution.target,
    paths: resolution.preview.paths,
    writes: resolution.preview.diff?.whole ?? null,
    argv: resolution.argv,
    ...(resolution.plan === undefined ? {} : { plan: resolution.plan }),
    cwd: resolution.cwd,
    env: resolution.env,
    operands,
    agent: incoming.token.agent,
    workspace: resolution.workspace,
  });
  const bound = { digest: sha256Hex(canonicalJson(covered)), task_id: taskId, preview: resolution.preview };
  return {
    incoming,
    tool,
    resolution,
    operands,
    record: { ...record, target: resolution.target, workspace: resolution.workspace, ...bound },
  };
}

/** F94: what has no dry run says so, and has done nothing. */
function noDryRun(tool: ToolDefinition, args: JsonObject): string {
  if (!Object.hasOwn(args, 'dry_run') || Object.hasOwn(tool.arguments.shape, 'dry_run')) return '';
  return `. The tool ${tool.name} has no dry run; nothing was done`;
}

function issuesText(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.length === 0 ? 'arguments' : issue.path.join('.')}: ${issue.message}`)
    .join('; ');
}
