import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Verdict } from '../../../shared/domain/call.ts';
import type { Risk, Scope } from '../../../shared/domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { MatchedRule, Policy } from './policy.ts';
import type { ShellParser } from './shell-parser.ts';
import { textualInput } from './textual-input.ts';

export interface ExplainDeps {
  readonly policy: Pick<Policy, 'explain'>;
  readonly registry: Pick<ToolRegistry, 'get'>;
  readonly shell: ShellParser;
  readonly clock: Pick<Clock, 'now'>;
}

/** The operator's question. */
export interface Question {
  readonly tool: string;
  readonly args: JsonObject;
  readonly agent?: string | undefined;
  readonly target?: string | undefined;
  readonly workspace?: string | undefined;
}

export interface Explanation {
  readonly verdict: Verdict;
  readonly risk: Risk;
  readonly scope: Scope | null;
  readonly matched: MatchedRule[];
  readonly commands: string[] | null;
  readonly paths: string[];
}

/**
 * What policy would say of a call that nobody made. Paths are taken as text, relative ones from the workspace (default `/workspace`).
 * Errors: `invalid_input` when the arguments do not fit the tool.
 */
export function explainCall(deps: ExplainDeps, question: Question): Explanation {
  const { tool, args, agent = 'example', target = 'local', workspace = '/workspace' } = question;
  const definition = deps.registry.get(tool);
  // SECURITY: a tool without a definition counts as critical, as everywhere (F32, F33).
  const known = definition ?? { risk: 'critical' as const, scope: null };
  const parsed = definition?.arguments.safeParse(args);
  if (parsed?.success === false) {
    const [issue] = parsed.error.issues;
    throw new AppError(
      'invalid_input',
      `The arguments do not fit ${tool}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trimEnd(),
    );
  }
  const scope = known.scope ?? 'system:admin';
  const input = textualInput({ tool, args, agent, target, workspace, now: deps.clock.now() }, { risk: known.risk, scope }, deps.shell);
  const { verdict, matched } = deps.policy.explain(input);
  const commands = input.commands === null ? null : [...input.commands];
  return { verdict, risk: known.risk, scope: known.scope, matched: [...matched], commands, paths: [...input.paths] };
}
