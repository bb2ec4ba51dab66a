import { resolve } from 'node:path';
import { AgentName } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject, JsonValue } from '../../../shared/json.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import { given } from '../../operator/handlers/given.ts';
import { fields, lines, shown } from '../output.ts';
import { readText } from '../read-text.ts';
import { useOffline } from '../use-offline.ts';
import { UsageError } from '../usage-error.ts';
import type { Verb } from '../verb.ts';

/** The rules, without putting any in force. */
export const policyVerbs: readonly Verb[] = [
  {
    name: 'policy check',
    about: 'whether a policy file is right: the one in the data directory, or another',
    words: ['[FILE]'],
    options: {},
    async run(context) {
      const [file] = context.words;
      const text = file === null || file === undefined ? null : readText(resolve(context.world.cwd, file));
      const result = await useOffline(
        context,
        async (host) => host.invoke('policy.check', { text }),
        async (offline) => offline.checkPolicy(text),
      );
      context.out.document(result, () =>
        result.ok
          ? shown(`The policy is right: ${result.rules} rules.`)
          : lines(
              result.problems.map(({ line, column, path, message }) =>
                shown(`line ${line ?? '?'}, column ${column ?? '?'}: ${path}: ${message}`),
              ),
            ),
      );
      return result.ok ? 0 : 1;
    },
  },
  {
    name: 'policy explain',
    about: 'what the policy would say of a call, and which rules match',
    words: [],
    options: {
      tool: { type: 'string', value: 'T', about: 'the tool' },
      args: { type: 'string', value: 'JSON', about: 'its arguments' },
      agent: { type: 'string', value: 'A', about: 'the agent that would call it' },
      target: { type: 'string', value: 'X', about: 'the system acted on' },
      workspace: { type: 'string', value: 'DIR', about: 'where relative paths start' },
    },
    async run(context) {
      const { options, out, world } = context;
      const workspace = options.text('workspace');
      const question = {
        tool: options.required('tool'),
        args: parseArguments(options.required('args')),
        ...given({
          agent: agentName(options.text('agent')),
          target: options.text('target'),
          workspace: workspace === undefined ? undefined : resolve(world.cwd, workspace),
        }),
      };
      const answer = await useOffline(
        context,
        async (host) => host.invoke('policy.explain', question),
        async (offline) => offline.explain(question),
      );
      out.document(answer, () =>
        lines([
          fields([
            ['verdict', answer.verdict.effect],
            ['rule', answer.verdict.rule],
            ['reason', answer.verdict.reason],
            ['risk', answer.risk],
            ['scope', answer.scope ?? 'none'],
            ['policy', answer.verdict.policy_version],
          ]),
          ...answer.matched.map(({ id, effect, reason }) => shown(`matched ${id} (${effect}): ${reason}`)),
        ]),
      );
      if (!out.json)
        out.note('This is the policy alone. A call also needs the token’s scope, and its files lie below the token’s workspaces.');
      return 0;
    },
  },
];

function parseArguments(text: string): JsonObject {
  const value = parsedJson(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UsageError('--args takes a JSON object: \'{"path":"a.txt"}\'.');
  return value;
}

function parsedJson(text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new UsageError(`--args: ${error.message}`);
  }
}

function agentName(name: string | undefined): AgentName | undefined {
  if (name !== undefined && !AgentName.safeParse(name).success) throw new UsageError('--agent takes an agent’s name.');
  return name;
}
