import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Language, Parser } from 'web-tree-sitter';
import { AppError } from '../../../shared/errors.ts';
import { readScript } from './shell/read-script.ts';
import { report, type RawCommand, type Script } from './shell/script.ts';
import { bareName, innerOf } from './shell/wrappers.ts';
import type { Word } from './shell/word.ts';
import type { ShellAnalysis, ShellCommand, ShellParser } from './shell-parser.ts';

export interface ShellParserDeps {
  /** The grammar's WebAssembly; by default the installed tree-sitter-bash. */
  readonly grammar?: Uint8Array | (() => Promise<Uint8Array>);
  /** Milliseconds that one text may take. */
  readonly budgetMs?: number;
}

const MAX_BYTES = 64 * 1024;
/** `bash -c` in `bash -c`, wrappers in wrappers. */
const MAX_NESTING = 8;
const MAX_COMMANDS = 2000;
/** SECURITY: blanks to some Unicode tables, ordinary characters to bash; and NUL ends the text for one of the two. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Where a text stands: the whole command line, or what a `bash -c` in it holds. */
interface Frame {
  readonly nesting: number;
  /** UTF-16 indices in the outermost text, for texts that do not stand in it as they are. */
  readonly span: { readonly start: number; readonly end: number } | null;
}

interface Gathering {
  readonly text: string;
  readonly commands: ShellCommand[];
  readonly words: Set<string>;
  readonly redirects: { readonly target: string | null; readonly writes: boolean }[];
  readonly functions: string[];
  readonly deadline: number;
  problem: string | null;
}

/** Reads command lines with tree-sitter-bash. What is not understood for certain makes the analysis incomplete, never shorter. */
export function createShellParser(deps: ShellParserDeps = {}): ShellParser {
  let parser: Parser | null = null;

  function parse(text: string): ShellAnalysis {
    if (parser === null)
      throw new AppError('unavailable', 'Command lines cannot be read: the shell grammar is not loaded. Restart Gatehouse.');
    const gathering: Gathering = {
      text,
      commands: [],
      words: new Set(),
      redirects: [],
      functions: [],
      deadline: performance.now() + (deps.budgetMs ?? 250),
      problem: null,
    };
    gather(parser, gathering, text, { nesting: 0, span: null });
    checkFunctions(gathering);
    const { commands, redirects, problem } = gathering;
    return { commands, words: [...gathering.words], redirects, complete: problem === null, problem };
  }

  return {
    async start() {
      parser ??= await loadParser(deps.grammar);
    },
    parse,
  };
}

/** The files lie in node_modules, also in a packaged application (its asar is read like a folder). */
async function loadParser(grammar: ShellParserDeps['grammar']): Promise<Parser> {
  try {
    const { resolve } = createRequire(import.meta.url);
    const wasmBinary = await readFile(resolve('web-tree-sitter/web-tree-sitter.wasm'));
    await Parser.init({ wasmBinary });
    const source =
      typeof grammar === 'function' ? await grammar() : (grammar ?? (await readFile(resolve('tree-sitter-bash/tree-sitter-bash.wasm'))));
    return new Parser().setLanguage(await Language.load(source));
  } catch (cause) {
    throw new AppError('unavailable', 'The shell grammar could not be loaded, so commands cannot be judged. Install Gatehouse again.', {
      cause,
    });
  }
}

function gather(parser: Parser, gathering: Gathering, text: string, frame: Frame): void {
  const script = readText(parser, gathering, text);
  if (script === null) return;
  if (script.problem !== null) report(gathering, script.problem);
  for (const word of script.words) addWord(gathering, word);
  gathering.functions.push(...script.functions);
  for (const redirect of script.redirects) gathering.redirects.push({ target: redirect.target.value, writes: redirect.writes });
  for (const command of script.commands) addCommand(parser, gathering, command, { ...frame, span: frame.span ?? command });
  for (const { operator, target, start, end } of script.redirects) {
    addEffect(gathering, `${operator.replace(/&$/, '')} ${target.value ?? target.source}`, frame.span ?? { start, end });
  }
  for (const { text: effect, start, end } of script.effects) addEffect(gathering, effect, frame.span ?? { start, end });
}

function readText(parser: Parser, gathering: Gathering, text: string): Script | null {
  if (Buffer.byteLength(text, 'utf8') > MAX_BYTES) return (report(gathering, 'it is longer than 64 kB'), null);
  if (CONTROL.test(text) || LONE_SURROGATE.test(text)) return (report(gathering, 'it holds a control character'), null);
  // SECURITY: a parse that is stopped is not understood; a hostile text must not hold up everybody else.
  const tree = parser.parse(text, null, { progressCallback: () => performance.now() > gathering.deadline });
  if (tree === null) {
    parser.reset();
    report(gathering, 'reading it takes too long');
    return null;
  }
  try {
    return readScript(tree.rootNode, text);
  } finally {
    tree.delete();
  }
}

function addWord(gathering: Gathering, word: string): void {
  if (word === '') return;
  gathering.words.add(word);
  const value = word.slice(word.indexOf('=') + 1);
  if (value !== '' && value !== word) gathering.words.add(value);
}

/** A command, the same without its assignments, and whatever it runs on behalf of its words. */
function addCommand(
  parser: Parser,
  gathering: Gathering,
  command: RawCommand,
  frame: Frame & { readonly span: { start: number; end: number } },
): void {
  if (gathering.commands.length >= MAX_COMMANDS || frame.nesting > MAX_NESTING)
    return report(gathering, 'it is nested too deeply or too long');
  const inner = innerOf(command.words);
  push(gathering, command.words, command.assignments, frame.span);
  if (command.assignments.length > 0) push(gathering, command.words, [], frame.span);
  const [program, ...rest] = command.words;
  const bare = program?.value === undefined || program.value === null ? null : bareName(program.value);
  if (bare !== null && bare !== program?.value) push(gathering, [{ source: bare, value: bare }, ...rest], [], frame.span);
  const deeper = { ...frame, nesting: frame.nesting + 1 };
  if (inner.kind === 'unknown') report(gathering, inner.problem);
  if (inner.kind === 'command') addCommand(parser, gathering, { ...command, assignments: [], words: inner.words }, deeper);
  if (inner.kind === 'text') {
    if (deeper.nesting > MAX_NESTING) report(gathering, 'it is nested too deeply or too long');
    else gather(parser, gathering, inner.text, deeper);
  }
}

function push(gathering: Gathering, words: readonly Word[], assignments: readonly string[], span: { start: number; end: number }): void {
  const text = [...assignments, ...words.map(wordText)].join(' ');
  const values = words.map((word) => word.value);
  gathering.commands.push({ words: values, text, program: values[0] ?? null, span: byteSpan(gathering.text, span) });
}

const wordText = (word: Word) => (word.value === '' ? "''" : (word.value ?? word.source));

/** What runs no program is listed like a command, so that an allow rule has to cover it: `> file`, `PATH=/x`, `[ -f a ]`. */
function addEffect(gathering: Gathering, text: string, span: { start: number; end: number }): void {
  if (gathering.commands.length >= MAX_COMMANDS) return report(gathering, 'it is nested too deeply or too long');
  gathering.commands.push({ words: [], text, program: null, span: byteSpan(gathering.text, span) });
}

function byteSpan(text: string, span: { start: number; end: number }): { start: number; end: number } {
  const start = Buffer.byteLength(text.slice(0, span.start), 'utf8');
  return { start, end: start + Buffer.byteLength(text.slice(span.start, span.end), 'utf8') };
}

/** SECURITY: a function named like a program that the text uses changes what that program means. */
function checkFunctions(gathering: Gathering): void {
  const known = /^[a-z0-9_.[-]+$/i;
  for (const name of gathering.functions) {
    const isUsed = gathering.commands.some((command) => command.program === name);
    if (isUsed || !known.test(name)) report(gathering, 'it defines a function that it also runs, so names do not mean what they say');
  }
}
