import { operatorSocketPath } from '../operator/socket-path.ts';
import { AppError } from '../../shared/errors.ts';
import { findDataDir } from './data-dir.ts';
import { createHost } from './host.ts';
import { createOutput, lines, shown, type Output, type Shown } from './output.ts';
import { commonOptions, parseCommand, usageLine } from './parse-command.ts';
import { UsageError } from './usage-error.ts';
import type { OptionSpec, Verb } from './verb.ts';
import type { World } from './world.ts';

/** Runs one command line and answers its exit code: 0, 1 for a failure, 2 for wrong usage. Never rejects. */
export async function runCommand(argv: readonly string[], verbs: readonly Verb[], world: World): Promise<number> {
  // Known before anything is parsed, because a wrong command line must be answered in the form that was asked for.
  const end = argv.indexOf('--');
  const out = createOutput(argv.slice(0, end < 0 ? argv.length : end).includes('--json'), world.stdout, world.stderr);
  try {
    return await run(argv, verbs, world, out);
  } catch (error) {
    return fail(error, out);
  }
}

async function run(argv: readonly string[], verbs: readonly Verb[], world: World, out: Output): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    out.document({ verbs: verbs.map(usageLine) }, () => overview(verbs));
    return first === undefined ? 2 : 0;
  }
  if (first === '--version' || first === '-V') {
    out.document({ version: world.version }, () => shown(`gatehouse ${world.version}`));
    return 0;
  }
  const { verb, options, words } = parseCommand(argv, verbs);
  if (options.flag('help')) {
    out.document({ usage: usageLine(verb), about: verb.about }, () => help(verb));
    return 0;
  }
  const dataDir = findDataDir(options.text('data-dir'), world);
  const host = createHost(operatorSocketPath(dataDir, world.env['XDG_RUNTIME_DIR']));
  return verb.run({ options, words, out, host, dataDir, world });
}

function fail(error: unknown, out: Output): number {
  const isUsage = error instanceof UsageError;
  const isPlanned = isUsage || error instanceof AppError;
  const code = isUsage ? 'invalid_input' : error instanceof AppError ? error.code : 'internal';
  const message = isPlanned
    ? error.message
    : `Something went wrong that was not foreseen: ${error instanceof Error ? error.message : String(error)}`;
  if (out.json) out.document({ error: { code, message } }, () => shown(''));
  else out.note(`gatehouse: ${message}`);
  if (!isPlanned) out.note(error instanceof Error ? (error.stack ?? '') : '');
  return isUsage ? 2 : 1;
}

function overview(verbs: readonly Verb[]): Shown {
  const width = Math.max(...verbs.map(({ name }) => name.length));
  const rows = verbs.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return lines(['usage: gatehouse VERB [options]', '', ...rows, '', 'gatehouse VERB --help says what a verb takes.'].map(shown));
}

function help(verb: Verb): Shown {
  const describe = ([name, spec]: readonly [string, OptionSpec]): readonly [string, string] => [
    `--${name}${spec.type === 'string' ? ` ${spec.value ?? 'VALUE'}` : ''}`,
    `${spec.about}${spec.multiple === true ? ' (may be given several times)' : ''}`,
  ];
  const rows = Object.entries({ ...verb.options, ...commonOptions }).map(describe);
  const width = Math.max(...rows.map(([name]) => name.length));
  return lines(
    [`usage: ${usageLine(verb)}`, '', verb.about, '', ...rows.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`)].map(shown),
  );
}
