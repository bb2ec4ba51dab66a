import type { CallId, Risk, Scope } from '../../../shared/domain/identity.ts';
import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Store } from '../ports/store.ts';
import type { PolicyInput } from './policy.ts';
import type { ShellParser } from './shell-parser.ts';
import { textualInput } from './textual-input.ts';

export interface ReplayInputDeps {
  readonly store: Pick<Store, 'call'>;
  readonly tools: (name: string) => { readonly risk: Risk; readonly scope: Scope } | null;
  readonly shell: ShellParser;
}

/**
 * What policy saw of a recorded call. Long arguments are fetched only where a rule looks at them (`needsArguments`). Of a call that was recorded before
 * this was kept, it is worked out from the text of the arguments, with the paths that were resolved then.
 */
export async function replayInput(deps: ReplayInputDeps, call: JudgedCall, needsArguments: boolean): Promise<PolicyInput> {
  if (call.exact) return recordedInput(call, call.arguments ?? (needsArguments ? await argumentsOf(deps, call.call_id) : {}));
  const args = call.arguments ?? (await argumentsOf(deps, call.call_id));
  const known = deps.tools(call.tool) ?? { risk: call.risk, scope: call.scope ?? 'system:admin' };
  const { agent, tool, target, workspace, at } = call;
  const input = textualInput({ tool, args, agent, target, workspace: workspace ?? '/', now: at }, known, deps.shell);
  return { ...input, workspace, paths: call.paths.length > 0 ? call.paths : input.paths, unparsed: input.unparsed || call.unparsed };
}

const recordedInput = (call: JudgedCall, args: JsonObject): PolicyInput => ({
  tool: call.tool,
  agent: call.agent,
  risk: call.risk,
  scope: call.scope ?? 'system:admin',
  target: call.target,
  paths: call.paths,
  commands: call.commands,
  unparsed: call.unparsed,
  workspace: call.workspace,
  hosts: call.hosts,
  targetMetadata: call.target_metadata,
  arguments: args,
  labels: call.labels,
  now: call.at,
});

const argumentsOf = async ({ store }: ReplayInputDeps, id: CallId): Promise<JsonObject> => (await store.call(id))?.arguments ?? {};
