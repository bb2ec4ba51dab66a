import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { Files, HeldPath } from '../ports/files.ts';
import { defineTool, requireKind, resolveFileCall, succeeded } from './file-call.ts';
import type { ToolDefinition, ToolOutput } from './tool.ts';

const entryLimit = 2000;

const Arguments = z.strictObject({
  path: z.string().describe('The folder: absolute, or relative to the first workspace folder.'),
  depth: z.number().int().min(1).max(5).optional().describe('How many levels to list, 1 to 5. Default 1.'),
});

export const createFileList = (files: Files): ToolDefinition =>
  defineTool({
    name: 'file_list',
    title: 'List a folder',
    description: `Lists a folder of the workspace, one entry a line, in order: folders end in "/", symbolic links in "@" and are not followed. At most ${entryLimit} entries.`,
    scope: 'file:read',
    risk: 'low',
    arguments: Arguments,
    resolve: async ({ path, depth = 1 }, context) =>
      resolveFileCall(files, context, path, async (held) => {
        requireKind(held, 'directory');
        return {
          summary: 'list a folder',
          access: 'list',
          diff: null,
          operandsOf: async () => [],
          run: async (root, signal) => listFolder(root, depth, signal),
        };
      }),
  });

const listFolder = async (root: HeldPath, depth: number, signal: AbortSignal): Promise<ToolOutput> => {
  const lines: string[] = [];
  const state = { skipped: 0, isCut: false };
  const list = async (folder: HeldPath, prefix: string, levels: number): Promise<void> => {
    for (const entry of await folder.list()) {
      signal.throwIfAborted();
      if (lines.length >= entryLimit) {
        state.isCut = true;
        return;
      }
      const name = `${prefix}${entry.name}`;
      lines.push(
        `${name}${{ file: '', directory: '/', symlink: '@', other: '|' }[entry.kind]}${entry.kind === 'file' ? `\t${entry.size}` : ''}`,
      );
      if (entry.kind === 'directory' && levels > 1) await descend(folder, entry.name, async (child) => list(child, `${name}/`, levels - 1));
    }
  };
  const descend = async (folder: HeldPath, name: string, visit: (child: HeldPath) => Promise<void>): Promise<void> => {
    const child = await openChild(folder, name);
    if (child === null) {
      state.skipped += 1;
      return;
    }
    try {
      await visit(child);
    } finally {
      await child.close();
    }
  };
  await list(root, '', depth);
  const { skipped, isCut } = state;
  const notes = [
    ...(isCut ? [`[cut after ${entryLimit} entries]`] : []),
    ...(skipped > 0 ? [`[${skipped} folders could not be opened]`] : []),
  ];
  const text = [...lines, ...notes].join('\n');
  return succeeded(
    text,
    { path: root.path, entries: lines.length, skipped, truncated: isCut },
    { truncated: isCut, bytes: Buffer.byteLength(text) },
  );
};

/** A folder that went away, is not ours to open or is the gateway's own is passed over; what else goes wrong is not. */
export const openChild = async (folder: HeldPath, name: string): Promise<HeldPath | null> => {
  try {
    return await folder.child(name);
  } catch (error) {
    if (error instanceof AppError && error.code !== 'unavailable') return null;
    throw error;
  }
};
