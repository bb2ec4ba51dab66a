import { applyJsonEdits, revertJsonEdits, type JsonEdit } from './json-edits.ts';
import { jsonValue, nodeAt, readJson } from './json-syntax.ts';
import type { RecipeFile } from './recipe.ts';

/** A JSON file that is changed by edits. */
export const jsonFile = (path: string, edits: readonly JsonEdit[]): RecipeFile => ({
  path,
  edit: (text) => applyJsonEdits(text, edits),
  revert: (current, before) => revertJsonEdits(current, before, edits),
});

/** The value at a path in a file's text; undefined when the file or the path is missing. @throws SyntaxError when the text is not JSON */
export function jsonAt(text: string | null, path: readonly string[]): unknown {
  if (text === null || text.trim() === '') return undefined;
  const node = nodeAt(readJson(text), path);
  return node === null ? undefined : jsonValue(node);
}

/** Whether one of the servers listed there has this URL. */
export function namesServer(text: string | null, path: readonly string[], mcpUrl: string): boolean {
  const servers = jsonAt(text, path);
  if (typeof servers !== 'object' || servers === null) return false;
  return Object.values(servers).some(
    (server: unknown) => typeof server === 'object' && server !== null && 'url' in server && server.url === mcpUrl,
  );
}

/** How a snippet is shown in a step to copy. */
export const snippet = (value: unknown): string => JSON.stringify(value, null, 2);
