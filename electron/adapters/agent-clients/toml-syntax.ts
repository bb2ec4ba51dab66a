/** One statement of a TOML text: a table header, or a key with its value. `end` is the offset after its line. */
export type TomlStatement =
  | { readonly kind: 'header'; readonly start: number; readonly end: number; readonly table: readonly string[] }
  | {
      readonly kind: 'pair';
      readonly start: number;
      readonly end: number;
      /** The table that it stands in; empty at the top. */
      readonly table: readonly string[];
      readonly key: readonly string[];
      /** The value as written, without what follows it on the line. */
      readonly value: string;
      readonly valueStart: number;
    };

const SPACE = /[ \t]*/y;
const BLANK = /(?:\s|#[^\n]*)*/y;
const KEY = /(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'))*/y;
const KEY_PART = /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g;
// The long quotes first, or they would read as an empty string and a half.
const STRING = /"""(?:[^"\\]|\\[\s\S]|"(?!""))*"""+|'''(?:[^']|'(?!''))*'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const PLAIN = /[^\s,[\]{}#"'=]+(?:[ T]?[^\s,[\]{}#"'=]+)*/y;
const MAX_DEPTH = 100;

/**
 * Splits a TOML text into its statements, without judging what they mean.
 * @throws SyntaxError naming the line
 */
export function readToml(text: string): TomlStatement[] {
  const statements: TomlStatement[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let table: readonly string[] = [];

  const fail = (expected: string): never => {
    throw new SyntaxError(`line ${text.slice(0, at).split('\n').length}: ${expected} expected`);
  };
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  const expect = (token: string): void => {
    if (!text.startsWith(token, at)) fail(`"${token}"`);
    at += token.length;
  };
  const key = (): string[] => (take(KEY) ?? fail('a key')).match(KEY_PART)?.map(keyText) ?? [];
  const list = (close: string, depth: number): void => {
    at += 1;
    for (take(BLANK); text[at] !== close; take(BLANK)) {
      if (close === '}') pairIn(depth);
      else value(depth + 1);
      take(BLANK);
      if (text[at] === ',') at += 1;
      else if (text[at] !== close) fail(`"," or "${close}"`);
    }
    at += 1;
  };
  const pairIn = (depth: number): void => {
    key();
    take(SPACE);
    expect('=');
    take(SPACE);
    value(depth + 1);
  };
  const value = (depth: number): void => {
    if (depth > MAX_DEPTH) fail('fewer levels');
    if (text[at] === '[') list(']', depth);
    else if (text[at] === '{') list('}', depth);
    else if (take(STRING) === null && take(PLAIN) === null) fail('a value');
  };
  const endLine = (): void => {
    take(SPACE);
    if (text[at] === '#') take(/[^\n]*/y);
    if (text[at] === '\r') at += 1;
    if (at < text.length) expect('\n');
  };
  const header = (start: number): void => {
    const brackets = text.startsWith('[[', at) ? 2 : 1;
    at += brackets;
    take(SPACE);
    table = key();
    take(SPACE);
    expect(']'.repeat(brackets));
    endLine();
    statements.push({ kind: 'header', start, end: at, table });
  };
  const pair = (start: number): void => {
    const name = key();
    take(SPACE);
    expect('=');
    take(SPACE);
    const valueStart = at;
    value(0);
    const written = text.slice(valueStart, at);
    endLine();
    statements.push({ kind: 'pair', start, end: at, table, key: name, value: written, valueStart });
  };

  for (take(BLANK); at < text.length; take(BLANK)) {
    const start = text.lastIndexOf('\n', at - 1) + 1;
    if (text[at] === '[') header(start);
    else pair(start);
  }
  return statements;
}

const keyText = (part: string): string => {
  if (part.startsWith("'")) return part.slice(1, -1);
  // An escape that JSON does not know leaves the key as written; it is then simply none of ours.
  if (part.startsWith('"')) return /\\[^"\\bfnrtu]/.test(part) ? part : (JSON.parse(part) as string);
  return part;
};
