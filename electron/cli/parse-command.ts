import { parseArgs } from 'node:util';
import { createOptions, type Options } from './options.ts';
import { UsageError } from './usage-error.ts';
import type { OptionSpec, Verb } from './verb.ts';

export interface Command {
  readonly verb: Verb;
  readonly options: Options;
  readonly words: readonly (string | null)[];
}

/** Options of every verb. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  'data-dir': { type: 'string', value: 'DIR', about: 'the data directory (else GATEHOUSE_DATA_DIR, else $XDG_DATA_HOME/gatehouse)' },
  json: { type: 'boolean', about: 'one JSON document on stdout, errors too' },
  help: { type: 'boolean', about: 'what this verb takes' },
};

/**
 * Finds the verb and reads its options, which may stand anywhere after the verb's first word. Errors: UsageError; an option that the
 * verb does not know is one, so that a misspelt option never changes what happens silently.
 */
export function parseCommand(argv: readonly string[], verbs: readonly Verb[]): Command {
  const [group = '', ...rest] = argv;
  const members = verbs.filter((verb) => verb.name.split(' ')[0] === group);
  const [first] = members;
  if (first === undefined) throw new UsageError(`There is no verb "${group}". See: gatehouse --help`);
  if (first.name === group) return read(first, rest, 0);
  // The second word may stand behind options; whether an option takes a value is known from all verbs of the group together.
  const [second] = parse(rest, Object.assign({}, ...members.map((verb) => verb.options)) as Verb['options']).positionals;
  const verb = members.find(({ name }) => name === `${group} ${second ?? ''}`);
  if (verb === undefined) {
    const known = members.map(({ name }) => name.split(' ')[1]).join(', ');
    throw new UsageError(`${group}: say which of ${known}.`);
  }
  return read(verb, rest, 1);
}

function read(verb: Verb, args: readonly string[], skip: number): Command {
  const { values, positionals } = parse(args, verb.options);
  const given = positionals.slice(skip);
  const needed = verb.words.filter((word) => !word.startsWith('[')).length;
  const isHelp = values['help'] === true;
  const isOpen = verb.words.at(-1)?.endsWith('…]') === true;
  if (!isHelp && (given.length < needed || (given.length > verb.words.length && !isOpen)))
    throw new UsageError(`Usage: ${usageLine(verb)}`);
  return {
    verb,
    options: createOptions(values),
    words: [...verb.words.map((_, at) => given[at] ?? null), ...given.slice(verb.words.length)],
  };
}

function parse(
  args: readonly string[],
  options: Verb['options'],
): { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] } {
  const config = Object.entries({ ...options, ...commonOptions }).map(
    ([name, spec]) => [name, { type: spec.type, multiple: spec.multiple === true }] as const,
  );
  try {
    const parsed = parseArgs({ args: [...args], options: Object.fromEntries(config), allowPositionals: true, strict: true });
    return { values: { ...parsed.values }, positionals: parsed.positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function usageLine(verb: Verb): string {
  const options = Object.entries(verb.options).map(
    ([name, spec]) => `[--${name}${spec.type === 'string' ? ` ${spec.value ?? 'VALUE'}` : ''}]${spec.multiple === true ? '…' : ''}`,
  );
  return ['gatehouse', verb.name, ...verb.words, ...options].join(' ');
}
