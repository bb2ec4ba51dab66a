import { posix } from 'node:path';
import type { JsonObject } from '../../../shared/json.ts';
import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import { callHosts } from './call-hosts.ts';
import type { PolicyInput } from './policy.ts';
import type { ShellParser } from './shell-parser.ts';

/** A call that nobody made: a rule's example, or the operator's question. */
export interface ImaginedCall {
  readonly tool: string;
  readonly args: JsonObject;
  readonly agent: string;
  readonly target: string;
  /** Absolute; where relative paths start. */
  readonly workspace: string;
  /** Milliseconds of the wall clock. */
  readonly now: number;
  readonly targetMetadata?: Readonly<Record<string, string>> | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Beside those in the arguments. */
  readonly hosts?: readonly string[] | undefined;
}

/** What an imagined call would look like to policy. Paths are resolved as text only: nothing is looked up, no link is followed. */
export function textualInput(call: ImaginedCall, known: { readonly risk: Risk; readonly scope: Scope }, shell: ShellParser): PolicyInput {
  const { command, path } = call.args;
  const analysis = typeof command === 'string' ? shell.parse(command) : null;
  const touched = typeof path === 'string' ? path : known.scope.startsWith('file:') ? '.' : null;
  return {
    tool: call.tool,
    agent: call.agent,
    risk: known.risk,
    scope: known.scope,
    target: call.target,
    paths: touched === null ? [] : [posix.resolve(call.workspace, touched)],
    commands: analysis === null ? null : analysis.commands.map(({ text }) => text),
    unparsed: analysis !== null && !analysis.complete,
    workspace: call.workspace,
    hosts: [...new Set([...callHosts(known.scope, call.args), ...(call.hosts ?? [])])],
    targetMetadata: call.targetMetadata ?? {},
    arguments: call.args,
    labels: call.labels ?? [],
    now: call.now,
  };
}
