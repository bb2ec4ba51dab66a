import { z } from 'zod';
import type { CallDifference, WholeVersion } from '../../../shared/domain/call.ts';
import { AppError } from '../../../shared/errors.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { LayerView } from '../ports/layers.ts';
import type { Files, HeldPath } from '../ports/files.ts';
import { defineTool, operandsAt, requireKind, resolveFileCall, succeeded, textOf, type FileCall } from './file-call.ts';
import type { ToolDefinition } from './tool.ts';

/** Bytes that a write may have, and that the file may have which it replaces. */
const contentLimit = 8 * 1024 * 1024;
/** Bytes of each side of a difference that can still be shown. */
const shownLimit = 512 * 1024;

/** Permissions of a new file. */
const newFileMode = 0o644;

const content = z.string().max(contentLimit);

const WriteArguments = z.strictObject({
  path: z.string().describe('The file: absolute, or relative to the first workspace folder. Its folder must exist.'),
  content: content.describe('The whole new content.'),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .optional()
    .describe('Permissions in octal, for example "0644" or "0755". Default: an existing file keeps its own, a new one gets 0644.'),
});

const EditArguments = z.strictObject({
  path: z.string().describe('The file: absolute, or relative to the first workspace folder.'),
  old_text: content
    .min(1)
    .describe('The text to replace, exactly as it stands in the file. It must occur exactly once, unless replace_all is true.'),
  new_text: content.describe('The text to put in its place.'),
  replace_all: z.boolean().optional().describe('Replace every occurrence. Default false.'),
});

export const createFileWrite = (files: Files): ToolDefinition =>
  defineTool({
    name: 'file_write',
    title: 'Write a file',
    description: 'Writes a file in the workspace: makes it, or replaces its whole content in one step.',
    scope: 'file:write',
    risk: 'moderate',
    arguments: WriteArguments,
    resolve: async (args, context) =>
      resolveFileCall(files, context, args.path, async (held) => {
        if (held.kind !== null) requireKind(held, 'file');
        const before = held.kind === null ? null : await readAll(held);
        const mode = args.mode === undefined ? null : Number.parseInt(args.mode, 8);
        return writeCall({
          files,
          view: context.view,
          held,
          before,
          after: args.content,
          summary: held.kind === null ? 'write a new file' : 'replace a file',
          mode,
        });
      }),
  });

export const createFileEdit = (files: Files): ToolDefinition =>
  defineTool({
    name: 'file_edit',
    title: 'Edit a file',
    description:
      'Replaces one piece of text in a file of the workspace by another. The old text must match exactly and only once, unless replace_all is true.',
    scope: 'file:write',
    risk: 'moderate',
    arguments: EditArguments,
    resolve: async (args, context) =>
      resolveFileCall(files, context, args.path, async (held) => {
        requireKind(held, 'file');
        const before = await readAll(held);
        const text = textOf(before);
        if (text === null) throw new AppError('invalid_input', `${held.path} is not UTF-8 text, so it cannot be edited`);
        return writeCall({ files, view: context.view, held, before, after: edited(text, args), summary: 'edit a file', mode: null });
      }),
  });

const readAll = async (held: HeldPath): Promise<Uint8Array> => {
  if ((held.size ?? 0) > contentLimit) throw new AppError('invalid_input', `${held.path} is larger than 8 MiB: use bash to change it`);
  return held.read({ offset: 0, limit: contentLimit });
};

const edited = (text: string, { old_text, new_text, replace_all = false }: z.output<typeof EditArguments>): string => {
  if (old_text === new_text) throw new AppError('invalid_input', 'old_text and new_text are the same, so nothing would change');
  const parts = text.split(old_text);
  const count = parts.length - 1;
  if (count === 0) throw new AppError('invalid_input', 'old_text does not occur in the file: read it again and copy the text exactly');
  if (count > 1 && !replace_all) {
    throw new AppError('invalid_input', `old_text occurs ${count} times: add the lines around it until it is unique, or set replace_all`);
  }
  const after = parts.join(new_text);
  if (Buffer.byteLength(after) > contentLimit) throw new AppError('invalid_input', 'the file would become larger than 8 MiB');
  return after;
};

interface Write {
  readonly files: Files;
  readonly view: LayerView | null;
  readonly held: HeldPath;
  readonly before: Uint8Array | null;
  readonly after: string;
  readonly summary: string;
  /** Permissions that were asked for; null: an existing file keeps its own. */
  readonly mode: number | null;
}

const writeCall = ({ files, view, held, before, after, summary, mode }: Write): FileCall => {
  const bytes = Buffer.from(after);
  // SECURITY: what was shown is what is written, also when the file has another mode by then.
  const permissions = mode ?? held.mode ?? newFileMode;
  if (bytes.length > contentLimit) throw new AppError('invalid_input', 'the content is larger than 8 MiB');
  return {
    summary,
    access: 'write',
    diff: difference(held, before, after, permissions),
    // The old content is an operand: an approval of this difference is good for no other.
    operandsOf: async () => operandsAt(files, held, view),
    async run(inLayer) {
      await inLayer.write(bytes, { mode: permissions });
      const structured = { path: held.path, bytes: bytes.length, created: before === null };
      return succeeded(`${before === null ? 'made' : 'wrote'} ${held.path} (${bytes.length} bytes)`, structured, {
        truncated: false,
        bytes: bytes.length,
      });
    },
  };
};

/** SECURITY: beside the text that is shown stand both versions whole, by size, hash and mode; a yes is to those (THREATS rule 15). */
const difference = ({ path, mode }: HeldPath, before: Uint8Array | null, after: string, newMode: number): CallDifference => {
  const old = before === null ? null : textOf(before);
  const isText = before === null || old !== null;
  const bytes = Buffer.from(after);
  const isCut = (before?.length ?? 0) > shownLimit || bytes.length > shownLimit;
  return {
    path,
    before: old === null || before === null ? null : beginning(before),
    after: beginning(bytes),
    truncated: isCut || !isText,
    is_text: isText,
    whole: { before: before === null ? null : versionOf(before, mode ?? newFileMode), after: versionOf(bytes, newMode) },
  };
};

const versionOf = (bytes: Uint8Array, mode: number): WholeVersion => ({ bytes: bytes.length, sha256: sha256Hex(bytes), mode });

/** As much text as is shown, never with half a character at its end. */
const beginning = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, shownLimit), { stream: bytes.length > shownLimit });
