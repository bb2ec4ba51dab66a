import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Files, HeldPath } from '../ports/files.ts';
import { defineTool, requireKind, resolveFileCall, succeeded, textOf } from './file-call.ts';
import { openChild } from './file-list.ts';
import { compileGlob, compilePattern } from './search-pattern.ts';
import { isSecretName } from './secret-names.ts';
import type { ToolDefinition, ToolOutput } from './tool.ts';

/** A search ends at the first of these. */
const limits = {
  matches: 500,
  files: 20_000,
  bytes: 256 * 1024 * 1024,
  fileBytes: 4 * 1024 * 1024,
  milliseconds: 20_000,
  lineCharacters: 20_000,
  depth: 40,
};
/** Characters of a line that are returned. */
const shownCharacters = 500;
/** Folders that hold no text of the project's own. Searched when the path names them. */
const passedOver = new Set(['.git', 'node_modules']);
/** Milliseconds after which other calls get their turn. */
const turnMs = 20;

const Arguments = z.strictObject({
  pattern: z.string().min(1).max(1000).describe('A regular expression in RE2 syntax, matched against each line.'),
  path: z
    .string()
    .optional()
    .describe('The folder or file to search: absolute, or relative to the first workspace folder. Default: that folder.'),
  glob: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Only files that fit this glob (*, **, ?, {a,b}), relative to the path; without a slash it is for the name.'),
});

export const createFileSearch = (files: Files): ToolDefinition =>
  defineTool({
    name: 'file_search',
    title: 'Search in files',
    description: `Finds lines that match a regular expression (RE2) in the text files of the workspace: "path:line: text", at most ${limits.matches}. Passes over .git and node_modules, symbolic links, files over 4 MiB, and names that usually hold secrets, such as .env, unless the path names them.`,
    scope: 'file:read',
    risk: 'low',
    arguments: Arguments,
    resolve: async ({ pattern, path = '.', glob }, context) => {
      const { find } = compilePattern(pattern);
      const fits = glob === undefined ? (): boolean => true : compileGlob(glob);
      return resolveFileCall(files, context, path, async (held) => {
        if (held.kind !== 'file') requireKind(held, 'directory');
        return {
          summary: 'search in files',
          access: 'read',
          diff: null,
          operandsOf: async () => [],
          run: async (root, signal) => search(root, find, fits, signal),
        };
      });
    },
  });

const search = async (
  root: HeldPath,
  find: (line: string) => boolean,
  fits: (path: string) => boolean,
  signal: AbortSignal,
): Promise<ToolOutput> => {
  const began = performance.now();
  let turnBegan = began;
  const found: string[] = [];
  let [visited, searched, skipped, secret, bytes] = [0, 0, 0, 0, 0];
  const end: { reason: string | null } = { reason: null };

  /** Sets `end` at a limit, and lets other calls run: matching happens on the thread that serves every agent. */
  const mayGoOn = async (): Promise<boolean> => {
    signal.throwIfAborted();
    const now = performance.now();
    if (found.length >= limits.matches) end.reason = `${limits.matches} matches`;
    if (visited >= limits.files) end.reason = `${limits.files} files`;
    if (bytes >= limits.bytes) end.reason = '256 MiB';
    if (now - began >= limits.milliseconds) end.reason = '20 seconds';
    if (end.reason === null && now - turnBegan > turnMs) {
      await nextTurn();
      turnBegan = performance.now();
    }
    return end.reason === null;
  };

  const searchFile = async (file: HeldPath, name: string): Promise<void> => {
    if (file.kind !== 'file' || (file.size ?? 0) > limits.fileBytes) {
      skipped += 1;
      return;
    }
    const content = await file.read({ offset: 0, limit: limits.fileBytes }).catch(() => null);
    const text = content === null ? null : textOf(content);
    if (content === null || text === null) {
      skipped += 1;
      return;
    }
    searched += 1;
    bytes += content.length;
    let number = 0;
    for (const line of text.split('\n')) {
      number += 1;
      if (find(line.slice(0, limits.lineCharacters))) found.push(`${name}:${number}: ${line.slice(0, shownCharacters)}`);
      if (!(await mayGoOn())) return;
    }
  };

  const searchFolder = async (folder: HeldPath, prefix: string, depth: number): Promise<void> => {
    const entries = await folder.list().catch(() => null);
    if (entries === null || depth > limits.depth) {
      skipped += 1;
      return;
    }
    for (const { name, kind } of entries) {
      if (!(await mayGoOn())) return;
      visited += 1;
      const path = `${prefix}${name}`;
      // SECURITY: a search of a folder was allowed or approved as such, not as a look into the keys that lie in it.
      if (isSecretName(name)) {
        secret += 1;
        continue;
      }
      if (kind === 'directory' ? passedOver.has(name) : kind !== 'file' || !fits(path)) continue;
      const child = await openChild(folder, name);
      if (child === null) {
        skipped += 1;
        continue;
      }
      try {
        if (child.kind === 'directory') await searchFolder(child, `${path}/`, depth + 1);
        else await searchFile(child, path);
      } finally {
        await child.close();
      }
    }
  };

  if (root.kind === 'file') await searchFile(root, root.path.slice(root.path.lastIndexOf('/') + 1));
  else await searchFolder(root, '', 1);
  const notes = [
    ...(found.length === 0 ? ['[no match]'] : []),
    ...(end.reason === null ? [] : [`[stopped after ${end.reason}: narrow the path or the glob]`]),
    ...(secret === 0
      ? []
      : [
          `[${secret} files or folders were passed over because their names say that they hold secrets: name one as the path to ask for it]`,
        ]),
    ...(skipped === 0 ? [] : [`[${skipped} files or folders were not searched: not text, too large, hard-linked or not readable]`]),
  ];
  const text = [...found, ...notes].join('\n');
  const isCut = end.reason !== null;
  const structured = { path: root.path, matches: found.length, files_searched: searched, skipped, truncated: isCut };
  return succeeded(text, structured, { truncated: isCut, bytes: Buffer.byteLength(text) });
};
