import type { Node } from 'web-tree-sitter';
import { checkHeredoc } from './heredoc.ts';
import { checkExpansion } from './expansion.ts';
import { report, type RawCommand, type Script } from './script.ts';
import { readWord, type Word } from './word.ts';

const MAX_DEPTH = 100;
const MAX_NODES = 50_000;
const BLANK = /^(?:[ \t\n]|\\\n)*$/;

/** SECURITY: a kind of node that is not listed here makes the text "not understood"; a newer grammar cannot add a blind spot. */
const UNDERSTOOD = new Set(
  `program command command_name word string string_content raw_string ansi_c_string concatenation number simple_expansion expansion variable_name
  special_variable_name command_substitution process_substitution variable_assignment variable_assignments array subscript redirected_statement
  file_redirect file_descriptor heredoc_redirect heredoc_start heredoc_body heredoc_content heredoc_end herestring_redirect list pipeline subshell
  compound_statement negated_command if_statement elif_clause else_clause while_statement for_statement c_style_for_statement do_group case_statement
  case_item function_definition test_command unary_expression binary_expression parenthesized_expression postfix_expression ternary_expression
  test_operator regex extglob_pattern arithmetic_expansion brace_expression declaration_command unset_command comment translated_string`.split(
    /\s+/,
  ),
);
const WORDS = new Set(
  'word string raw_string ansi_c_string concatenation number simple_expansion expansion command_substitution'.split(' '),
);
WORDS.add('process_substitution').add('arithmetic_expansion').add('brace_expression').add('translated_string');
/** These stand on one line in bash, unless the line is continued. */
const ONE_LINE = new Set([
  'command',
  'declaration_command',
  'unset_command',
  'redirected_statement',
  'file_redirect',
  'herestring_redirect',
]);
ONE_LINE.add('variable_assignments').add('variable_assignment');
const UNSPACED = new Set(['concatenation', 'simple_expansion', 'expansion']);

interface Reading {
  readonly text: string;
  readonly script: Script;
  nodes: number;
}

/** Collects every command, redirect and effect of a tree. Never throws on what a peer wrote; says in `problem` what it did not understand. */
export function readScript(root: Node, text: string): Script {
  const script: Script = { commands: [], redirects: [], effects: [], words: [], functions: [], problem: null };
  const reading: Reading = { text, script, nodes: 0 };
  if (root.hasError) report(script, 'it is not valid bash');
  if (!BLANK.test(text.slice(0, root.startIndex)) || !BLANK.test(text.slice(root.endIndex)))
    report(script, 'part of the text was not read');
  visit(reading, root, 0);
  return script;
}

function visit(reading: Reading, node: Node, depth: number): void {
  const { script } = reading;
  reading.nodes += 1;
  if (depth > MAX_DEPTH || reading.nodes > MAX_NODES) return report(script, 'it is nested too deeply or too long');
  if (node.isError || node.isMissing) return report(script, 'it is not valid bash');
  if (node.isNamed && !UNDERSTOOD.has(node.type)) report(script, `it uses ${node.type.replaceAll('_', ' ')}`);
  const children = node.children;
  checkGaps(reading, node, children);
  readNode(reading, node, children);
  for (const child of children) visit(reading, child, depth + 1);
}

/** A continued line alone separates nothing: bash joins what stands on both sides. */
const isBlank = (gap: string) => gap === '' || (BLANK.test(gap) && gap.replaceAll('\\\n', '') !== '');

/** SECURITY: text that no token covers was skipped by the grammar; bash will not skip it. */
function checkGaps(reading: Reading, node: Node, children: readonly Node[]): void {
  let end = node.startIndex;
  for (const child of [...children, null]) {
    const start = child?.startIndex ?? node.endIndex;
    const gap = children.length === 0 ? '' : reading.text.slice(end, start);
    const isWhole = UNSPACED.has(node.type) ? gap === '' : isBlank(gap) || (node.type === 'heredoc_body' && !/[$`]/.test(gap));
    if (!isWhole || start < end) report(reading.script, 'part of the text was not read');
    if (ONE_LINE.has(node.type) && gap.replaceAll('\\\n', '').includes('\n'))
      report(reading.script, 'a command goes on after its line ended');
    end = child?.endIndex ?? end;
  }
}

function readNode(reading: Reading, node: Node, children: readonly Node[]): void {
  const { script } = reading;
  if (node.type === 'command') readCommand(reading, node, children);
  else if (node.type === 'declaration_command' || node.type === 'unset_command') readDeclaration(reading, node, children);
  else if (node.type === 'redirected_statement') checkRedirected(reading, children);
  else if (node.type === 'file_redirect') readRedirect(reading, node);
  else if (node.type === 'heredoc_redirect') checkHeredoc(script, reading.text, node);
  else if (node.type === 'function_definition') readFunction(reading, node);
  else if (node.type === 'negated_command') checkAdjacent(reading, children);
  else if (node.type === 'comment') checkComment(reading, node);
  else if (node.type === 'for_statement') readLoop(reading, node, children);
  else if (node.type === 'test_command') script.effects.push(effect(node));
  else if (node.type === 'variable_assignment' && !hasOwner(node)) script.effects.push(effect(node));
  else checkExpansion(script, reading.text, node, children);
  if (WORDS.has(node.type) && !WORDS.has(node.parent?.type ?? '')) toWord(reading, node);
}

const effect = (node: Node) => ({ text: node.text.replace(/\s+/g, ' '), start: node.startIndex, end: node.endIndex });
const hasOwner = (node: Node) => node.parent?.type === 'command' || node.parent?.type === 'declaration_command';

function readFunction({ script }: Reading, node: Node): void {
  const name = node.childForFieldName('name')?.text ?? '';
  script.functions.push(name);
  script.effects.push({ text: `${name}()`, start: node.startIndex, end: node.endIndex });
}

function toWord(reading: Reading, node: Node): Word {
  const result = readWord(node.text);
  if (result.kind === 'malformed') report(reading.script, 'a word was not understood');
  const value = result.kind === 'static' ? result.value : null;
  if (value !== null) reading.script.words.push(value);
  return { source: node.text, value };
}

const assignmentText = (node: Node) => {
  const [, name = '', value = ''] = /^([^=]*=)([\s\S]*)$/.exec(node.text) ?? [];
  const result = readWord(value);
  return name + (result.kind === 'static' ? result.value : value);
};

function readCommand(reading: Reading, node: Node, children: readonly Node[]): void {
  const assignments: string[] = [];
  const words: Word[] = [];
  for (const child of children) {
    if (child.type === 'variable_assignment') assignments.push(assignmentText(child));
    else if (child.type === 'command_name') words.push(toWord(reading, child));
    else if (WORDS.has(child.type) || !child.isNamed) words.push(wordOrOperator(reading, child));
    else if (child.type === 'file_redirect') words.push(...spilledWords(reading, child));
    else if (child.type !== 'herestring_redirect') report(reading.script, `a command holds ${child.type.replaceAll('_', ' ')}`);
  }
  checkAdjacent(reading, children);
  if (node.parent?.type === 'redirected_statement') words.push(...laterWords(reading, node.parent));
  pushCommand(reading, { assignments, words, start: node.startIndex, end: node.endIndex });
}

/** `==` and `=~` stand as bare tokens in a command; nothing else does that bash would call a word. */
function wordOrOperator(reading: Reading, child: Node): Word {
  if (child.isNamed) return toWord(reading, child);
  if (child.type !== '==' && child.type !== '=~') report(reading.script, 'a word was not understood');
  return { source: child.text, value: child.text };
}

function pushCommand(reading: Reading, command: RawCommand): void {
  if (command.words.length === 0) {
    for (const text of command.assignments) reading.script.effects.push({ text, start: command.start, end: command.end });
    return;
  }
  reading.script.commands.push(command);
}

/** `cat >out -x`: the grammar hands what follows the target to the redirect; bash hands it to the command. */
function spilledWords(reading: Reading, redirect: Node): Word[] {
  return redirect
    .childrenForFieldName('destination')
    .slice(1)
    .map((word) => toWord(reading, word));
}

function laterWords(reading: Reading, statement: Node): Word[] {
  return statement.childrenForFieldName('redirect').flatMap((redirect) => {
    if (redirect.type === 'file_redirect') return spilledWords(reading, redirect);
    return redirect.childrenForFieldName('argument').map((word) => toWord(reading, word));
  });
}

/** Words after a redirect of anything but a simple command would be a syntax error in bash. */
function checkRedirected(reading: Reading, children: readonly Node[]): void {
  const body = children[0];
  if (body === undefined || body.type === 'command') return;
  const statement = body.parent;
  if (statement !== null && laterWords(reading, statement).length > 0) report(reading.script, 'words follow a redirect');
}

/** SECURITY: two tokens without a blank between them are one word to bash (`$"x"`, `a2>f`). */
function checkAdjacent(reading: Reading, children: readonly Node[]): void {
  for (const [index, child] of children.entries()) {
    const before = children[index - 1];
    if (before === undefined) continue;
    if (before.endIndex < child.startIndex) continue;
    const isPlainRedirect = child.type.endsWith('_redirect') && child.children[0]?.type !== 'file_descriptor';
    if (!isPlainRedirect) report(reading.script, 'two words stand without a space between them');
  }
}

function readDeclaration(reading: Reading, node: Node, children: readonly Node[]): void {
  const words = children.map((child, index): Word => {
    if (index === 0) return { source: child.text, value: child.text };
    if (child.type === 'variable_assignment') return { source: assignmentText(child), value: null };
    return WORDS.has(child.type)
      ? toWord(reading, child)
      : { source: child.text, value: child.type === 'variable_name' ? child.text : null };
  });
  checkAdjacent(reading, children);
  pushCommand(reading, { assignments: [], words, start: node.startIndex, end: node.endIndex });
}

function readRedirect(reading: Reading, node: Node): void {
  const destination = node.childForFieldName('destination');
  const operator = node.children.find((child) => !child.isNamed)?.type ?? '';
  if (destination === null) return;
  const target = toWord(reading, destination);
  const isDuplicate = operator.endsWith('&') && /^(?:[0-9]+-?|-)$/.test(destination.text);
  if (isDuplicate || target.value === '/dev/null') return;
  const writes = operator.includes('>');
  reading.script.redirects.push({ operator, target, writes, start: node.startIndex, end: node.endIndex });
}

/** SECURITY: bash starts a comment only at the start of a word; elsewhere what follows `#` still runs. */
function checkComment(reading: Reading, node: Node): void {
  const before = reading.text.slice(0, node.startIndex);
  if (!/(?:^|[\s;&|()])$/.test(before) || /(?:^|[^\\])(?:\\\\)*\\[\s;&|()]$/.test(before)) report(reading.script, 'a # was not understood');
}

/** A loop variable in capitals (PATH, IFS, LD_PRELOAD) changes what the commands in the loop do. */
function readLoop(reading: Reading, node: Node, children: readonly Node[]): void {
  const name = node.childForFieldName('variable')?.text ?? '';
  if (!/^[a-z][a-z0-9_]*$/.test(name)) reading.script.effects.push({ text: `${name}=`, start: node.startIndex, end: node.endIndex });
  if (children.length === 0) report(reading.script, 'a loop was not understood');
}
