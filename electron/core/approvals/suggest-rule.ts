import { posix } from 'node:path';
import type { JudgedCall } from '../../../shared/domain/judged.ts';
import type { GrantBreadth, GrantEffect } from '../../../shared/domain/grant.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import type { JsonValue } from '../../../shared/json.ts';
import { sha256Hex } from '../canonical-json.ts';

/** A rule that covers a call, with what it says in words. */
export interface SuggestedRule {
  readonly rule: PolicyRule;
  readonly sentence: string;
}

/**
 * Programs whose first word says what they do, and which keep to it. Of any other program, or with another first word, a rule covers only the words
 * as they were: what runs whatever it is told (shells, interpreters, `env`, `xargs`, `ssh` …) has no shape that could be trusted.
 */
const SHAPED: Readonly<Record<string, RegExp>> = {
  git: /^(add|blame|branch|checkout|cherry-pick|commit|diff|fetch|log|merge|pull|rebase|remote|reset|restore|show|stash|status|switch|tag)$/,
  npm: /^(audit|ci|install|ls|outdated|test|uninstall|update|view)$/,
  pnpm: /^(add|audit|install|list|outdated|remove|test|update)$/,
  yarn: /^(add|install|list|outdated|remove|test|upgrade)$/,
  pip: /^(check|download|freeze|install|list|show|uninstall)$/,
  pip3: /^(check|download|freeze|install|list|show|uninstall)$/,
  cargo: /^(add|build|check|clippy|doc|fetch|fmt|test|tree|update)$/,
  go: /^(build|fmt|get|list|mod|test|vet)$/,
  docker: /^(build|images|inspect|logs|ps|pull|stats|top|version)$/,
  kubectl: /^(describe|get|logs|top|version)$/,
};
const SCRIPT_RUNNERS = new Set(['npm', 'pnpm', 'yarn']);
const MOST_SENTENCE = 300;
const MOST_PATTERN = 1000;

/**
 * The rule that a longer yes or no to this call would be. Null where none can be written: nothing that it does could be named, or the command was not
 * understood in full.
 */
export function suggestRule(call: JudgedCall, effect: GrantEffect, breadth: GrantBreadth): SuggestedRule | null {
  const what = conditionsOf(call, breadth);
  if (what === null) return null;
  const place = call.workspace === null ? {} : { workspaces: [exactPath(call.workspace)] };
  const conditions = {
    tools: [exactText(call.tool)],
    agents: [exactText(call.agent)],
    targets: [exactText(call.target)],
    ...place,
    ...what.keys,
  };
  if (
    Object.values(conditions)
      .flat()
      .some((value) => typeof value === 'string' && value.length > MOST_PATTERN)
  )
    return null;
  const sentence = `${effect === 'allow' ? 'Let' : 'Refuse'} ${call.agent} ${effect === 'allow' ? '' : 'to '}${what.words}${placeInWords(call)}.`;
  const id = `${effect}-${slug(call.tool)}-${sha256Hex(JSON.stringify(conditions)).slice(0, 8)}`;
  return { rule: { id, effect, reason: sentence.slice(0, 500), ...conditions }, sentence };
}

interface Conditions {
  readonly keys: Pick<PolicyRule, 'commands' | 'paths' | 'arguments' | 'hosts'>;
  readonly words: string;
}

function conditionsOf(call: JudgedCall, breadth: GrantBreadth): Conditions | null {
  if (call.commands !== null) return call.unparsed || call.commands.length === 0 ? null : commandConditions(call.commands, breadth);
  if (call.paths.length > 0) return pathConditions(call.paths, call.tool, breadth);
  return argumentConditions(call, breadth);
}

function commandConditions(commands: readonly string[], breadth: GrantBreadth): Conditions {
  const shapes = commands.map(
    (text) => (breadth === 'similar' ? shapeOf(text) : null) ?? { pattern: exactText(text), words: quoted(text) },
  );
  const unique = [...new Map(shapes.map((shape) => [shape.pattern, shape])).values()];
  return { keys: { commands: unique.map(({ pattern }) => pattern) }, words: `run ${inWords(unique.map(({ words }) => words))}` };
}

/** `npm run build`, `git commit …`: the part that says what is done, whatever follows it. */
function shapeOf(text: string): { readonly pattern: string; readonly words: string } | null {
  const [program = '', verb = '', script = ''] = text.split(' ');
  const stem =
    SCRIPT_RUNNERS.has(program) && verb === 'run' && /^[A-Za-z0-9:_-]+$/.test(script)
      ? `${program} run ${script}`
      : SHAPED[program]?.test(verb) === true
        ? `${program} ${verb}`
        : null;
  return stem === null ? null : { pattern: `regex:${quoteRegex(stem)}( .*)?`, words: `${stem} …` };
}

function pathConditions(paths: readonly string[], tool: string, breadth: GrantBreadth): Conditions {
  const patterns = paths.map((path) => (breadth === 'exact' ? exactPath(path) : inFolder(path)));
  const words = paths.map((path) => (breadth === 'exact' ? path : `files directly in ${posix.dirname(path)}`));
  return { keys: { paths: [...new Set(patterns)] }, words: `use ${tool} on ${inWords([...new Set(words)])}` };
}

/** Each argument as it was; without its arguments no call is like another. */
function argumentConditions(call: JudgedCall, breadth: GrantBreadth): Conditions | null {
  if (call.arguments === null || breadth === 'similar') return null;
  const entries = Object.entries(call.arguments);
  if (!entries.every(([name, value]) => /^[A-Za-z0-9_-]+$/.test(name) && isScalar(value))) return null;
  if (entries.length === 0) return { keys: {}, words: `use ${call.tool}` };
  const constraints = Object.fromEntries(entries.map(([name, value]) => [name, { one_of: [value as string | number | boolean | null] }]));
  const words = entries.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return { keys: { arguments: constraints }, words: `use ${call.tool} with ${inWords(words)}` };
}

const isScalar = (value: JsonValue): boolean => value === null || (typeof value !== 'object' && String(value).length <= 1000);

const placeInWords = ({ workspace, target }: JudgedCall): string =>
  `${workspace === null ? '' : ` in ${workspace}`}${target === 'local' ? '' : ` on ${target}`}`;

const quoted = (text: string): string => `‘${text}’`;

function inWords(items: readonly string[]): string {
  const text = items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`;
  return text.length > MOST_SENTENCE ? `${text.slice(0, MOST_SENTENCE)}… (see the rule)` : text;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'tool';

const quoteRegex = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** SECURITY: a star in what an agent wrote must not become a wildcard of the operator's. */
const exactText = (text: string): string => (/\*|^regex:/.test(text) ? `regex:${quoteRegex(text)}` : text);

const exactPath = (path: string): string => (/[*?[\]{}!()|]/.test(path) ? `regex:${quoteRegex(path)}` : path);

const inFolder = (path: string): string => `regex:${quoteRegex(posix.dirname(path).replace(/\/$/, ''))}/[^/]+`;
