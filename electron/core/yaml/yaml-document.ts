import { isAlias, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';
import type { PolicyProblem } from '../../../shared/domain/policy.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 50;
/** Anything that nests deeper than a file of ours can. */
const MAX_DEPTH = 60;

export type PathInDocument = readonly (string | number)[];

/** A parsed text with its places, so that every later problem can name its line. */
export interface YamlDocument<T> {
  readonly file: T | null;
  readonly problems: PolicyProblem[];
  readonly problemAt: (path: PathInDocument, message: string) => PolicyProblem;
}

/** Reads a text by schema. All problems are collected, each with its line and column. `needs` tells what an empty file lacks. */
export function readYamlDocument<T>(text: string, schema: z.ZodType<T>, needs: string): YamlDocument<T> {
  const refused = refuseEarly(text);
  if (refused !== null) return broken(refused);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      uniqueKeys: true,
      strict: true,
      version: '1.2',
      schema: 'core',
      merge: false,
    });
    return readDocument(document, lines, schema, needs);
  } catch {
    // The parser recurses; a hostile depth that gets past `refuseEarly` ends here.
    return broken('the file is nested too deeply to be read');
  }
}

function refuseEarly(text: string): string | null {
  if (Buffer.byteLength(text, 'utf8') > MAX_BYTES) return 'the file is larger than 1 MB';
  if (text.startsWith('\ufeff')) return 'the file starts with a byte order mark; save it as UTF-8 without one';
  if (/\p{Surrogate}/u.test(text)) return 'the file is not valid Unicode';
  let depth = 0;
  for (const bracket of text.match(/[[\]{}]/g) ?? []) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    // Brackets inside strings may close what was never opened.
    depth = Math.max(depth, 0);
    if (depth > MAX_DEPTH) return 'the file is nested too deeply to be read';
  }
  return null;
}

function broken<T>(message: string): YamlDocument<T> {
  const problem: PolicyProblem = { line: 1, column: 1, path: '', message };
  return { file: null, problems: [problem], problemAt: () => problem };
}

function readDocument<T>(document: Document.Parsed, lines: LineCounter, schema: z.ZodType<T>, needs: string): YamlDocument<T> {
  const problemAt = (path: PathInDocument, message: string): PolicyProblem => ({
    ...locate(document, lines, path),
    path: pathText(path),
    message,
  });
  const atOffset = (offset: number, message: string): PolicyProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path: '', message };
  };
  const problems: PolicyProblem[] = [...document.errors, ...document.warnings].map((error) =>
    atOffset(error.pos[0], firstLine(error.message)),
  );
  if (problems.length === 0) problems.push(...foreignFeatures(document, atOffset, needs));
  if (problems.length > 0) return { file: null, problems: problems.slice(0, MAX_PROBLEMS), problemAt };
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return { file: parsed.data, problems: [], problemAt };
  return { file: null, problems: parsed.error.issues.slice(0, MAX_PROBLEMS).flatMap((issue) => fromIssue(issue, problemAt)), problemAt };
}

const firstLine = (message: string) => (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');

/** SECURITY: what a reader of the file would have to expand in the head (aliases, tags, another YAML version) has no place in a file that decides. */
function foreignFeatures(
  document: Document.Parsed,
  atOffset: (offset: number, message: string) => PolicyProblem,
  needs: string,
): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  if (document.directives.yaml.explicit === true) problems.push(atOffset(0, 'a %YAML directive is not used here; remove it'));
  if (document.contents === null) problems.push(atOffset(0, `the file is empty; it needs ${needs}`));
  visit(document, (_key, node) => {
    // SECURITY: readers of plain objects pass over this key, and a condition that is passed over makes a rule broader than it reads.
    if (isPair(node) && isScalar(node.key) && node.key.value === '__proto__')
      problems.push(atOffset(node.key.range?.[0] ?? 0, '`__proto__` cannot be a key here; choose another name'));
    if (!isNode(node)) return;
    const offset = node.range?.[0] ?? 0;
    if (isAlias(node) || node.anchor !== undefined)
      problems.push(atOffset(offset, 'anchors and aliases are not used here; write the value out'));
    else if (node.tag !== undefined) problems.push(atOffset(offset, 'tags are not used here; remove it'));
  });
  return problems;
}

function fromIssue<T>(issue: z.core.$ZodIssue, problemAt: YamlDocument<T>['problemAt']): PolicyProblem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code !== 'unrecognized_keys') return [problemAt(path, issue.message)];
  return issue.keys.map((key) => problemAt([...path, key], `unknown key \`${key}\``));
}

function pathText(path: PathInDocument): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
}

/** Line and column of the deepest part of the path that the document has; of the key where the path ends at one. */
function locate(document: Document.Parsed, lines: LineCounter, path: PathInDocument): { line: number; column: number } {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const part of path) {
    const step = stepInto(node, part);
    if (step === null) break;
    node = step.value;
    offset = step.offset;
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function stepInto(node: unknown, part: string | number): { readonly value: unknown; readonly offset: number } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part));
    return pair !== undefined && isScalar(pair.key) ? { value: pair.value, offset: pair.key.range?.[0] ?? 0 } : null;
  }
  const item: unknown = typeof part === 'number' && hasItems(node) ? node.items[part] : undefined;
  return isNode(item) ? { value: item, offset: item.range?.[0] ?? 0 } : null;
}

const hasItems = (node: unknown): node is { readonly items: readonly unknown[] } =>
  isNode(node) && 'items' in node && Array.isArray(node.items);
