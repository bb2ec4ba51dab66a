/** A value in a JSON text and where it stands; `end` is the offset after its last character. */
export type JsonNode =
  | { readonly kind: 'scalar'; readonly start: number; readonly end: number; readonly value: string | number | boolean | null }
  | { readonly kind: 'object'; readonly start: number; readonly end: number; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly start: number; readonly end: number; readonly members: readonly JsonMember[] };

/** One member of an object or item of an array (whose `key` is its index); `comma` is the offset of the comma after it, if any. */
export interface JsonMember {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly comma: number | null;
  readonly node: JsonNode;
}

const MAX_DEPTH = 100;
const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const SCALAR = /"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y;

/**
 * Reads JSON as editors write it: comments and trailing commas are allowed, and every value keeps its place in the text.
 * @throws SyntaxError naming the line; also for a key that stands twice in one object, because readers differ on which counts
 */
export function readJson(text: string): JsonNode {
  let at = text.startsWith('\uFEFF') ? 1 : 0;

  const fail = (expected: string): never => {
    throw new SyntaxError(`line ${text.slice(0, at).split('\n').length}: ${expected} expected`);
  };
  const blank = (): void => {
    BLANK.lastIndex = at;
    at += BLANK.exec(text)?.[0].length ?? 0;
  };
  const scalar = (): Extract<JsonNode, { kind: 'scalar' }> => {
    SCALAR.lastIndex = at;
    const found = SCALAR.exec(text)?.[0];
    if (found === undefined) return fail('a value');
    const start = at;
    at += found.length;
    return { kind: 'scalar', start, end: at, value: parseScalar(found, fail) };
  };
  const member = (isObject: boolean, index: number, depth: number): Omit<JsonMember, 'comma'> => {
    const start = at;
    if (!isObject) {
      const item = value(depth + 1);
      return { key: String(index), start, end: at, node: item };
    }
    const { value: key } = scalar();
    if (typeof key !== 'string') return fail('a key');
    blank();
    if (text[at] !== ':') fail('":"');
    at += 1;
    blank();
    const node = value(depth + 1);
    return { key, start, end: at, node };
  };
  const container = (depth: number): JsonNode => {
    if (depth > MAX_DEPTH) fail('fewer levels');
    const start = at;
    const isObject = text[at] === '{';
    const close = isObject ? '}' : ']';
    const members: JsonMember[] = [];
    at += 1;
    for (blank(); text[at] !== close; blank()) {
      const found = member(isObject, members.length, depth);
      if (isObject && members.some(({ key }) => key === found.key)) fail(`only one "${found.key}"`);
      blank();
      const comma = text[at] === ',' ? at : null;
      members.push({ ...found, comma });
      if (comma !== null) at += 1;
      else if (text[at] !== close) fail(`"," or "${close}"`);
    }
    at += 1;
    return { kind: isObject ? 'object' : 'array', start, end: at, members };
  };
  const value = (depth: number): JsonNode => (text[at] === '{' || text[at] === '[' ? container(depth) : scalar());

  blank();
  const root = value(0);
  blank();
  if (at < text.length) fail('the end');
  return root;
}

function parseScalar(found: string, fail: (expected: string) => never): string | number | boolean | null {
  try {
    return JSON.parse(found) as string | number | boolean | null;
  } catch {
    return fail('a value');
  }
}

/** What the text says, without its places. */
export function jsonValue(node: JsonNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'array':
      return node.members.map((member) => jsonValue(member.node));
    case 'object':
      return Object.fromEntries(node.members.map((member) => [member.key, jsonValue(member.node)]));
  }
}

/** The value at a path of keys, or null when there is none. */
export function nodeAt(root: JsonNode, path: readonly string[]): JsonNode | null {
  let node: JsonNode = root;
  for (const key of path) {
    const next: JsonNode | undefined = node.kind === 'object' ? node.members.find((member) => member.key === key)?.node : undefined;
    if (next === undefined) return null;
    node = next;
  }
  return node;
}
