import { readToml, type TomlStatement } from './toml-syntax.ts';

/** A change to a TOML text; values are written as TOML. A `table` is replaced whole, its subtables included. */
export type TomlEdit =
  | { readonly kind: 'key'; readonly table: readonly string[]; readonly key: string; readonly value: string }
  | { readonly kind: 'table'; readonly table: readonly string[]; readonly body: string };

type Pair = Extract<TomlStatement, { kind: 'pair' }>;

/**
 * Makes the changes and leaves every other line as it is.
 * @throws SyntaxError when the text is not TOML, or says the same in a form that cannot be edited line by line (an inline table, say)
 */
export function applyTomlEdits(text: string | null, edits: readonly TomlEdit[]): string {
  return edits.reduce((current, edit) => (edit.kind === 'key' ? setKey(current, edit) : setTable(current, edit)), text ?? '');
}

/** Takes the same changes back out of a text that others may have changed since. @throws SyntaxError as above */
export function revertTomlEdits(current: string, before: string | null, edits: readonly TomlEdit[]): string {
  return edits.reduce((text, edit) => {
    if (edit.kind === 'table') {
      const old = tableText(before ?? '', edit.table);
      return old === '' ? dropTable(text, edit.table) : appendBlock(dropTable(text, edit.table), old);
    }
    const was = pairsOf(before ?? '', [...edit.table, edit.key])[0];
    return was === undefined ? dropKey(text, edit) : setKey(text, { ...edit, value: was.value });
  }, current);
}

/** The value at a full path of keys as written, however it is spelled, or null. @throws SyntaxError when the text is not TOML */
export function tomlValueAt(text: string, path: readonly string[]): string | null {
  return pairsOf(text, path)[0]?.value ?? null;
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((part, index) => part === other[index]);
const startsWith = (path: readonly string[], start: readonly string[]): boolean => same(path.slice(0, start.length), start);
const fullPath = (statement: TomlStatement): readonly string[] =>
  statement.kind === 'pair' ? [...statement.table, ...statement.key] : statement.table;
const pairsOf = (text: string, path: readonly string[]): Pair[] =>
  readToml(text).filter((statement): statement is Pair => statement.kind === 'pair' && same(fullPath(statement), path));

/** An inline table or a dotted key on the way to `path` cannot be edited line by line. */
function refuseOtherForms(statements: readonly TomlStatement[], path: readonly string[]): void {
  const inline = statements.find((statement) => {
    if (statement.kind !== 'pair') return false;
    const full = fullPath(statement);
    return full.length < path.length && startsWith(path, full);
  });
  if (inline !== undefined) throw new SyntaxError(`"${fullPath(inline).join('.')}" is written in one line`);
}

function setKey(text: string, edit: Extract<TomlEdit, { kind: 'key' }>): string {
  const statements = readToml(text);
  const path = [...edit.table, edit.key];
  refuseOtherForms(statements, path);
  const existing = pairsOf(text, path)[0];
  if (existing !== undefined) {
    return text.slice(0, existing.valueStart) + edit.value + text.slice(existing.valueStart + existing.value.length);
  }
  const line = `${edit.key} = ${edit.value}\n`;
  const headerAt = statements.findIndex((statement) => statement.kind === 'header' && same(statement.table, edit.table));
  if (edit.table.length === 0)
    return insertAfter(
      text,
      statements.findLast(({ table, kind }) => kind === 'pair' && table.length === 0),
      line,
    );
  if (headerAt !== -1) return insertAfter(text, statements[headerAt], line);
  // Where the table exists only through dotted keys at the top, a header for it would be a second definition.
  const dotted = statements.findLast(
    (statement) => statement.kind === 'pair' && statement.table.length === 0 && startsWith(statement.key, edit.table),
  );
  if (dotted !== undefined) return insertAfter(text, dotted, `${path.join('.')} = ${edit.value}\n`);
  return appendBlock(text, `[${edit.table.join('.')}]\n${line}`);
}

function insertAfter(text: string, statement: TomlStatement | undefined, line: string): string {
  if (statement === undefined) return text === '' ? line : `${line}${text.startsWith('\n') ? '' : '\n'}${text}`;
  const head = text.slice(0, statement.end);
  return `${head}${head.endsWith('\n') ? '' : '\n'}${line}${text.slice(statement.end)}`;
}

function setTable(text: string, edit: Extract<TomlEdit, { kind: 'table' }>): string {
  const statements = readToml(text);
  refuseOtherForms(statements, [...edit.table, '']);
  const foreign = statements.find(
    (statement) => statement.kind === 'pair' && startsWith(fullPath(statement), edit.table) && !startsWith(statement.table, edit.table),
  );
  if (foreign !== undefined) throw new SyntaxError(`"${fullPath(foreign).join('.')}" is written with dots`);
  return appendBlock(dropTable(text, edit.table), `[${edit.table.join('.')}]\n${edit.body}`);
}

/** The lines of a table and its subtables, comments among them included; what stands before the next foreign header belongs to that. */
function tableLines(text: string, table: readonly string[]): { readonly start: number; readonly end: number }[] {
  const ours = readToml(text).filter((statement) => startsWith(statement.table, table));
  return ours.reduce<{ start: number; end: number }[]>((ranges, { kind, start, end }) => {
    const last = ranges.at(-1);
    if (kind === 'pair' && last !== undefined) last.end = end;
    else ranges.push({ start, end });
    return ranges;
  }, []);
}

const tableText = (text: string, table: readonly string[]): string =>
  tableLines(text, table)
    .map(({ start, end }) => text.slice(start, end))
    .join('');

const dropTable = (text: string, table: readonly string[]): string =>
  tableLines(text, table).reduceRight((rest, { start, end }) => cut(rest, start, end), text);

function dropKey(text: string, edit: Extract<TomlEdit, { kind: 'key' }>): string {
  const pair = pairsOf(text, [...edit.table, edit.key])[0];
  if (pair === undefined) return text;
  const without = text.slice(0, pair.start) + text.slice(pair.end);
  const isEmpty =
    edit.table.length > 0 && !readToml(without).some((statement) => statement.kind === 'pair' && startsWith(statement.table, edit.table));
  return isEmpty ? dropTable(without, edit.table) : without;
}

/** Cuts a block and the empty lines before it. */
function cut(text: string, start: number, end: number): string {
  const head = text.slice(0, start).trimEnd();
  const tail = text.slice(end).replace(/^\n+/, '');
  if (head === '') return tail;
  return tail === '' ? `${head}\n` : `${head}\n\n${tail}`;
}

const appendBlock = (text: string, block: string): string => (text.trim() === '' ? block : `${text.trimEnd()}\n\n${block}`);
