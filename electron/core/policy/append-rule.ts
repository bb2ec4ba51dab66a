import { isMap, isNode, isSeq, parseDocument, stringify, type Document } from 'yaml';
import { AppError } from '../../../shared/errors.ts';
import { JsonObject } from '../../../shared/json.ts';
import type { PolicyRule } from '../../../shared/domain/policy.ts';
import { canonicalJson } from '../canonical-json.ts';
import { readPolicyDocument } from './policy-document.ts';

const FORMAT = { lineWidth: 0, version: '1.2', schema: 'core' } as const;

/**
 * The text with one more rule after the last one, everything else as it stands: comments, blank lines, quotes. Where that is not possible (rules
 * written in one line), the document is written anew; its comments stay.
 *
 * The result is not examined here. Errors: `invalid_input` when the text has no list of rules.
 */
export function appendRule(text: string, rule: PolicyRule): string {
  const document = parseDocument(text, { version: '1.2', schema: 'core' });
  const rules = isMap(document.contents) ? document.get('rules', true) : null;
  if (document.errors.length > 0 || !isSeq(rules))
    throw new AppError('invalid_input', 'The policy has no list of rules that one could be added to. Mend the file first.');
  const inserted = insertAfterLast(text, rules, rule);
  if (inserted !== null && isThatRuleMore(text, inserted, rule)) return inserted;
  const written = writtenAnew(document, rule);
  if (isThatRuleMore(text, written, rule)) return written;
  throw new AppError('invalid_input', 'The rule could not be added without changing another one. Add it by hand.');
}

function insertAfterLast(
  text: string,
  rules: { readonly flow?: boolean; readonly items: readonly unknown[] },
  rule: PolicyRule,
): string | null {
  const last = rules.items[rules.items.length - 1];
  if (rules.flow === true || !isNode(last) || !last.range) return null;
  const [start, end] = last.range;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const indent = /^( *)- +$/.exec(text.slice(lineStart, start))?.[1];
  if (indent === undefined) return null;
  const isLineStart = text[end - 1] === '\n';
  const newline = text.indexOf('\n', end);
  const at = isLineStart ? end : newline < 0 ? text.length : newline + 1;
  const before = at === text.length && !text.endsWith('\n') ? `${text}\n` : text.slice(0, at);
  // As the others stand: with a line between them, or without.
  const gap = rules.items.length > 1 && !/\n[ \t]*(#[^\n]*)?\n$/.test(text.slice(0, lineStart)) ? '' : '\n';
  const [first = '', ...more] = stringify(rule, FORMAT).trimEnd().split('\n');
  const lines = [`${indent}- ${first}`, ...more.map((line) => (line === '' ? '' : `${indent}  ${line}`))];
  return `${before}${gap}${lines.join('\n')}\n${text.slice(at)}`;
}

function writtenAnew(document: Document, rule: PolicyRule): string {
  const rules: unknown = document.get('rules', true);
  if (isSeq(rules)) rules.flow = false;
  document.addIn(['rules'], document.createNode(rule));
  return document.toString({ lineWidth: 0 });
}

/** SECURITY: what was said before is said still, and the one rule besides; whatever the layout of the file did to the insertion. */
function isThatRuleMore(before: string, after: string, rule: PolicyRule): boolean {
  const [old, now] = [readPolicyDocument(before).file, readPolicyDocument(after).file];
  if (old === null || now === null) return false;
  const meant = { ...old, rules: [...old.rules, rule] };
  return canonicalJson(JsonObject.parse(now)) === canonicalJson(JsonObject.parse(meant));
}
