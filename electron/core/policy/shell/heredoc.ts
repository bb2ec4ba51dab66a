import type { Node } from 'web-tree-sitter';
import { report, type Script } from './script.ts';

const DELIMITER = /^(?:([A-Za-z_][A-Za-z0-9_]*)|'([A-Za-z_][A-Za-z0-9_ ]*)'|"([A-Za-z_][A-Za-z0-9_ ]*)")$/;

/**
 * SECURITY: where a here-document ends decides which lines are data and which are commands, and this grammar has been wrong about it before.
 * So the end is looked for a second time, by bash's own rule, and both must agree.
 */
export function checkHeredoc(script: Script, text: string, node: Node): void {
  const named = (type: string) => node.children.find((child) => child.type === type) ?? null;
  const [start, body, end] = [named('heredoc_start'), named('heredoc_body'), named('heredoc_end')];
  const match = DELIMITER.exec(start?.text ?? '');
  if (start === null || end === null || match === null) return report(script, 'a here-document was not understood');
  const delimiter = match[1] ?? match[2] ?? match[3] ?? '';
  const isIndented = node.children[0]?.type === '<<-' || node.children[1]?.type === '<<-';
  const first = text.indexOf('\n', start.endIndex) + 1;
  const found = findEnd(text, first, delimiter, isIndented);
  const bodyStart = body?.startIndex ?? end.startIndex;
  const isSame =
    first > 0 && found === end.startIndex && end.text === delimiter && bodyStart >= first && /^\s*$/.test(text.slice(first, bodyStart));
  if (!isSame) return report(script, 'a here-document was not understood');
  if (match[1] !== undefined) checkBody(script, text, first, body);
}

/** Index of the delimiter on the first line that is nothing else, or −1. */
function findEnd(text: string, first: number, delimiter: string, isIndented: boolean): number {
  for (let at = first; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const line = text.slice(at, newline < 0 ? text.length : newline);
    const indent = isIndented ? (/^\t*/.exec(line)?.[0].length ?? 0) : 0;
    if (line.slice(indent) === delimiter) return at + indent;
    if (newline < 0) return -1;
    at = newline + 1;
  }
  return -1;
}

/** An unquoted here-document is expanded; every expansion sign in it must lie in an expansion that the grammar found. */
function checkBody(script: Script, text: string, from: number, body: Node | null): void {
  let at = from;
  let data = '';
  const end = body?.endIndex ?? from;
  for (const child of body?.children ?? []) {
    if (child.type === 'heredoc_content') continue;
    data += `${text.slice(at, child.startIndex)} `;
    at = child.endIndex;
  }
  data += text.slice(at, end);
  if (data.includes('\\\n')) return report(script, 'a here-document continues a line');
  if (/`|\$[({A-Za-z0-9_@*#?$!-]/.test(data.replace(/\\[\\$`]/g, ''))) report(script, 'a here-document was not understood');
}
