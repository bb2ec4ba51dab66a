import { isDeepStrictEqual } from 'node:util';
import { jsonValue, nodeAt, readJson, type JsonMember, type JsonNode } from './json-syntax.ts';

/** A change to a JSON text. `set` with `last` puts the member at the end of its object, for readers in which the last one counts. */
export type JsonEdit =
  | { readonly kind: 'set'; readonly path: readonly string[]; readonly value: unknown; readonly last?: true }
  | { readonly kind: 'add'; readonly path: readonly string[]; readonly items: readonly string[] };

type Container = Exclude<JsonNode, { kind: 'scalar' }>;

/**
 * Makes the changes and leaves every other character as it is, comments included. A missing or blank file counts as `{}`.
 * @throws SyntaxError when the text is not JSON, or its shape leaves no place for a change
 */
export function applyJsonEdits(text: string | null, edits: readonly JsonEdit[]): string {
  return edits.reduce((current, edit) => (edit.kind === 'set' ? set(current, edit) : add(current, edit)), textOf(text));
}

/**
 * Takes the same changes back out of a text that others may have changed since: what was set is again what `before` says, what was
 * added to a list and is not in `before` leaves it.
 * @throws SyntaxError as above
 */
export function revertJsonEdits(current: string, before: string | null, edits: readonly JsonEdit[]): string {
  const old = readJson(textOf(before));
  return edits.reduceRight((text, edit) => {
    const was = nodeAt(old, edit.path);
    if (edit.kind === 'add') return prune(takeOut(text, edit.path, foreignTo(was, edit.items)), edit.path, old);
    if (was === null) return prune(remove(text, edit.path), edit.path, old);
    return set(text, { kind: 'set', path: edit.path, value: jsonValue(was) });
  }, textOf(current));
}

const textOf = (text: string | null): string => (text === null || text.trim() === '' ? '{}\n' : text);

const foreignTo = (was: JsonNode | null, items: readonly string[]): string[] => {
  const old = was === null ? [] : jsonValue(was);
  return items.filter((item) => !(Array.isArray(old) && old.includes(item)));
};

function set(text: string, edit: Extract<JsonEdit, { kind: 'set' }>): string {
  const found = nodeAt(readJson(text), edit.path);
  if (found !== null && isDeepStrictEqual(jsonValue(found), edit.value) && (edit.last !== true || isLast(text, edit.path))) return text;
  const start = edit.last === true && found !== null ? remove(text, edit.path) : text;
  const [parent, missing] = deepestParent(readJson(start), edit.path);
  const [key = '', ...rest] = missing;
  const value = rest.reduceRight((inner, name) => ({ [name]: inner }), edit.value);
  const existing = parent.members.find((member) => member.key === key);
  const after =
    existing === undefined
      ? insert(start, parent, (pad, unit) => `${JSON.stringify(key)}: ${serialise(value, pad, unit)}`)
      : splice(start, existing.node.start, existing.node.end, serialise(value, indentOf(start, existing.start), unitOf(start)));
  // The text edit is checked against what it was meant to do: a slip here would damage somebody's configuration.
  const written = nodeAt(readJson(after), edit.path);
  if (written === null || !isDeepStrictEqual(jsonValue(written), edit.value)) throw new SyntaxError('the change could not be placed');
  return after;
}

function isLast(text: string, path: readonly string[]): boolean {
  const parent = nodeAt(readJson(text), path.slice(0, -1));
  return parent?.kind === 'object' && parent.members.at(-1)?.key === path.at(-1);
}

function add(text: string, edit: Extract<JsonEdit, { kind: 'add' }>): string {
  const list = nodeAt(readJson(text), edit.path);
  if (list === null) return set(text, { kind: 'set', path: edit.path, value: edit.items });
  if (list.kind !== 'array') throw new SyntaxError(`"${edit.path.join('.')}" is not a list`);
  const there = jsonValue(list) as unknown[];
  return edit.items
    .filter((item) => !there.includes(item))
    .reduce((current, item) => insert(current, containerAt(current, edit.path), () => JSON.stringify(item)), text);
}

function containerAt(text: string, path: readonly string[]): Container {
  const node = nodeAt(readJson(text), path);
  if (node === null || node.kind === 'scalar') throw new SyntaxError(`"${path.join('.')}" is not an object or a list`);
  return node;
}

/** The last object on the path that exists, and the keys below it. */
function deepestParent(root: JsonNode, path: readonly string[]): [Container, readonly string[]] {
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const node = nodeAt(root, path.slice(0, depth));
    if (node === null) continue;
    if (node.kind !== 'object') throw new SyntaxError(`"${path.slice(0, depth).join('.')}" is not an object`);
    return [node, path.slice(depth)];
  }
  throw new SyntaxError('the file is not an object');
}

function insert(text: string, parent: Container, render: (pad: string, unit: string) => string): string {
  const unit = unitOf(text);
  const last = parent.members.at(-1);
  const isInline = last !== undefined && !text.slice(parent.start, last.start).includes('\n');
  if (isInline) {
    return splice(text, last.comma === null ? last.end : last.comma + 1, null, `${last.comma === null ? ',' : ''} ${render('', '')}`);
  }
  const outer = indentOf(text, parent.start);
  const pad = last === undefined ? outer + unit : indentOf(text, last.start);
  const withComma = last === undefined || last.comma !== null ? text : splice(text, last.end, null, ',');
  const close = parent.end - 1 + (withComma.length - text.length);
  const bodyEnd = withComma.slice(0, close).trimEnd().length;
  return splice(withComma, bodyEnd, close, `\n${pad}${render(pad, unit)}${typeof last?.comma === 'number' ? ',' : ''}\n${outer}`);
}

function remove(text: string, path: readonly string[]): string {
  const parent = nodeAt(readJson(text), path.slice(0, -1));
  if (parent?.kind !== 'object') return text;
  const index = parent.members.findIndex((member) => member.key === path.at(-1));
  return index === -1 ? text : removeMember(text, parent, index);
}

function takeOut(text: string, path: readonly string[], items: readonly string[]): string {
  return items.reduce((current, item) => {
    const list = nodeAt(readJson(current), path);
    if (list?.kind !== 'array') return current;
    const index = list.members.findIndex((member) => jsonValue(member.node) === item);
    return index === -1 ? current : removeMember(current, list, index);
  }, text);
}

function removeMember(text: string, parent: Container, index: number): string {
  const member = parent.members[index] as JsonMember;
  const previous = parent.members[index - 1];
  let end = member.comma === null ? member.end : member.comma + 1;
  let start = member.start;
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const lineEnd = text.indexOf('\n', end);
  const standsAlone =
    text.slice(lineStart, start).trim() === '' && lineEnd !== -1 && text.slice(end, lineEnd).trim() === '' && lineStart > parent.start;
  if (standsAlone) [start, end] = [lineStart, lineEnd + 1];
  else while (start > 0 && text[start - 1] === ' ') start -= 1;
  const without = splice(text, start, end, '');
  // The member before becomes the last one: its comma would be a trailing one, which not every reader takes.
  if (member.comma === null && typeof previous?.comma === 'number') return splice(without, previous.comma, previous.comma + 1, '');
  return without;
}

/** Removes what is left empty on the way down to `path` and did not exist before. */
function prune(text: string, path: readonly string[], old: JsonNode): string {
  let current = text;
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = nodeAt(readJson(current), path.slice(0, depth));
    const isEmpty = node !== null && node.kind !== 'scalar' && node.members.length === 0;
    if (isEmpty && nodeAt(old, path.slice(0, depth)) === null) current = remove(current, path.slice(0, depth));
  }
  return current;
}

const splice = (text: string, start: number, end: number | null, put: string): string =>
  text.slice(0, start) + put + text.slice(end ?? start);
const indentOf = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';
const unitOf = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
const serialise = (value: unknown, pad: string, unit: string): string => JSON.stringify(value, null, unit).replaceAll('\n', `\n${pad}`);
