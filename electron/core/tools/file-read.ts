import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { Files, HeldPath } from '../ports/files.ts';
import { defineTool, requireKind, resolveFileCall, succeeded, textOf } from './file-call.ts';
import type { ToolDefinition, ToolOutput } from './tool.ts';

/** Bytes of text in one answer. */
const outputLimit = 256 * 1024;
/** How far into a file lines are counted, in bytes. */
const scanLimit = 64 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

const Arguments = z.strictObject({
  path: z.string().describe('The file: absolute, or relative to the first workspace folder.'),
  offset: z.number().int().min(1).max(100_000_000).optional().describe('The first line to return; lines count from 1. Default 1.'),
  limit: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('How many lines to return at most. Default: as many as fit into 256 KiB.'),
});

export const createFileRead = (files: Files): ToolDefinition =>
  defineTool({
    name: 'file_read',
    title: 'Read a file',
    description: 'Returns the text of a file in the workspace, whole or some of its lines. Refuses files that are not UTF-8 text.',
    scope: 'file:read',
    risk: 'low',
    arguments: Arguments,
    resolve: async ({ path, offset = 1, limit = Infinity }, context) =>
      resolveFileCall(files, context, path, async (held) => {
        requireKind(held, 'file');
        // Whatever refuses to be read refuses now, before anybody is asked.
        await held.read({ offset: 0, limit: 0 });
        return {
          summary: 'read a file',
          access: 'read',
          diff: null,
          operandsOf: async () => [],
          run: async (file, signal) => readLines(file, offset, limit, signal),
        };
      }),
  });

/** Reads in steps, so that lines far into a large file cost no memory. */
const readLines = async (held: HeldPath, first: number, limit: number, signal: AbortSignal): Promise<ToolOutput> => {
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let line = 1;
  let position = 0;
  const end = first + limit;
  let isCut = false;
  while (line < end && !isCut) {
    signal.throwIfAborted();
    if (position >= scanLimit) {
      if (kept.length === 0)
        throw new AppError('invalid_input', `line ${first} lies more than 64 MiB into ${held.path}: use bash, for example sed -n`);
      isCut = true;
      break;
    }
    const chunk = await held.read({ offset: position, limit: chunkBytes });
    if (chunk.length === 0) break;
    position += chunk.length;
    let at = 0;
    // Skips whole lines up to the first one wanted.
    while (line < first && at < chunk.length) {
      const next = chunk.indexOf(newline, at);
      at = next === -1 ? chunk.length : next + 1;
      if (next !== -1) line += 1;
    }
    const from = at;
    while (line < end && at < chunk.length) {
      const next = chunk.indexOf(newline, at);
      at = next === -1 ? chunk.length : next + 1;
      if (next !== -1) line += 1;
    }
    const room = outputLimit - keptBytes;
    isCut = at - from > room;
    const part = chunk.subarray(from, Math.min(at, from + room));
    if (part.length > 0) kept.push(part);
    keptBytes += part.length;
  }
  const bytes = Buffer.concat(kept);
  const text = textOf(isCut ? wholeCharacters(bytes) : bytes);
  if (text === null) throw new AppError('invalid_input', `${held.path} is not UTF-8 text: use bash to look into it`);
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const structured = { path: held.path, bytes: held.size ?? 0, first_line: first, lines, truncated: isCut };
  const note = isCut ? `\n[cut after line ${first + lines - 1}: read on with offset ${first + lines - (text.endsWith('\n') ? 0 : 1)}]` : '';
  return succeeded(text + note, structured, { truncated: isCut, bytes: keptBytes });
};

/** Without the start of a character of which the rest was cut off. */
const wholeCharacters = (bytes: Uint8Array): Uint8Array => {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0xc0) return bytes.subarray(0, bytes.length - back);
    if ((byte & 0x80) === 0) return bytes;
  }
  return bytes;
};
