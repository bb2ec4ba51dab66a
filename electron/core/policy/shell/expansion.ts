import type { Node } from 'web-tree-sitter';
import { report, type Script } from './script.ts';

const PLAIN_OPERATORS = new Set([':-', '-', ':+', '+', ':?', '?', '#', '##', '%', '%%', '/', '//', '/#', '/%', '^', '^^', ',', ',,']);
const NUMERIC_TESTS = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);
const ARITHMETIC = new Set(['arithmetic_expansion', 'c_style_for_statement']);
const ALWAYS_DATA = new Set(['regex', 'extglob_pattern', 'string_content', 'heredoc_content']);

/**
 * Reports the expansions that can run commands which stand in no command position: arithmetic and subscripts evaluate the values of variables
 * again (`a[$(id)]`), `${x@P}` and `${!x}` interpret them, and a pattern token may hide a substitution.
 */
export function checkExpansion(script: Script, text: string, node: Node, children: readonly Node[]): void {
  if (ARITHMETIC.has(node.type) || isArithmeticGroup(node)) return checkArithmetic(script, node);
  if (node.type === 'expansion') return checkParameter(script, children);
  if (node.type === 'subscript') return checkSubscript(script, node);
  if (node.type === 'binary_expression' || node.type === 'unary_expression') return checkTest(script, node);
  if (ALWAYS_DATA.has(node.type)) return checkLeaf(script, node);
  if (node.type === 'command_substitution' || node.type === 'word') checkBackquotes(script, text, node);
}

const isArithmeticGroup = (node: Node) => node.type === 'compound_statement' && node.children[0]?.type === '((';

function checkArithmetic(script: Script, node: Node): void {
  const text = node.type === 'arithmetic_expansion' ? node.text.slice(1) : arithmeticParts(node);
  if (!/^[\s0-9+*/%()<>=!&|^~?:,;-]*$/.test(text)) report(script, 'arithmetic on variables can run commands that their values hold');
  if (node.type !== 'arithmetic_expansion') script.effects.push({ text, start: node.startIndex, end: node.endIndex });
}

const arithmeticParts = (node: Node) =>
  node.children
    .filter((child) => child.type !== 'do_group' && child.type !== 'for')
    .map((child) => child.text)
    .join(' ');

function checkParameter(script: Script, children: readonly Node[]): void {
  const inner = children.slice(1, -1);
  const operators = inner.filter((child) => !child.isNamed).map((child) => child.type);
  const isLength = operators.length === 1 && operators[0] === '#';
  if (!isLength && !operators.every((operator) => PLAIN_OPERATORS.has(operator)))
    report(script, 'it uses an expansion that interprets values');
}

function checkSubscript(script: Script, node: Node): void {
  const index = node.childForFieldName('index');
  if (index === null || !/^(?:[0-9]+|[@*])$/.test(index.text)) report(script, 'a subscript can run commands that its value holds');
}

/** `[[ x -eq y ]]` evaluates both sides as arithmetic, `-v` and `-R` evaluate a subscript. */
function checkTest(script: Script, node: Node): void {
  const operator = node.childForFieldName('operator')?.text ?? '';
  if (operator === '-v' || operator === '-R') return report(script, 'a test can run commands that its value holds');
  if (!NUMERIC_TESTS.has(operator) || !isDoubleBracket(node)) return;
  const sides = [node.childForFieldName('left'), node.childForFieldName('right')];
  if (!sides.every((side) => side !== null && /^-?[0-9]+$/.test(side.text))) report(script, 'a test can run commands that its value holds');
}

function isDoubleBracket(node: Node): boolean {
  let owner: Node | null = node;
  while (owner !== null && owner.type !== 'test_command') owner = owner.parent;
  return owner?.children[0]?.type !== '[';
}

/** SECURITY: these tokens are data to the grammar, but bash still expands what stands in them. */
function checkLeaf(script: Script, node: Node): void {
  if (node.type === 'heredoc_content' && isQuotedHeredoc(node)) return;
  if (/`|\$[({A-Za-z0-9_@*#?$!'"-]/.test(node.text.replace(/\\[\s\S]/g, '')))
    report(script, 'an expansion stands where it was not understood');
}

function isQuotedHeredoc(node: Node): boolean {
  const redirect = node.parent?.parent ?? null;
  return /^['"]/.test(redirect?.children.find((child) => child.type === 'heredoc_start')?.text ?? '');
}

/** Inside backquotes a backslash means something else on every level; nobody needs that. */
function checkBackquotes(script: Script, text: string, node: Node): void {
  if (node.type === 'word') {
    if (/`|\$\(/.test(node.text.replace(/\\[\s\S]/g, ''))) report(script, 'a substitution stands where it was not understood');
    return;
  }
  if (text[node.startIndex] === '`' && node.text.includes('\\')) report(script, 'it escapes inside backquotes');
}
