import type { z } from 'zod';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Files, HeldPath } from '../ports/files.ts';
import type { Resolution, ToolDefinition, ToolOutput } from './tool.ts';

/** Declares a tool with its arguments' own type. */
export const defineTool = <Schema extends z.ZodObject>(definition: ToolDefinition<Schema>): ToolDefinition => definition;

/** What a file tool makes of its arguments, once the path is held. */
export interface FileCall {
  readonly summary: string;
  readonly access: 'read' | 'write' | 'list';
  readonly diff: CallPreview['diff'];
  /** Hashes of what the call builds upon, as they are now. */
  readonly operandsOf: () => Promise<readonly Operand[]>;
  readonly run: (signal: AbortSignal) => Promise<ToolOutput>;
}

/** Holds a path for a call and lets go of it when the call could not be resolved. */
export const resolveFileCall = async (
  files: Files,
  workspaces: readonly string[],
  path: string,
  describe: (held: HeldPath) => Promise<FileCall>,
): Promise<Resolution> => {
  const held = await files.resolve(workspaces, path);
  try {
    const call = await describe(held);
    const operands = await call.operandsOf();
    return {
      target: 'local',
      workspace: held.workspace,
      cwd: null,
      argv: null,
      env: null,
      operands,
      commands: null,
      preview: {
        summary: call.summary,
        command: null,
        cwd: null,
        paths: [{ path: held.path, access: call.access, exists: held.kind !== null }],
        operands: [...operands],
        programs: [],
        runs_unlisted: [],
        unparsed: false,
        diff: call.diff,
      },
      rehash: call.operandsOf,
      execute: async ({ signal }) => call.run(signal),
      release: async () => held.close(),
    };
  } catch (error) {
    await held.close();
    throw error;
  }
};

/** The hash of a file as it is now, by its name and not by what was held: nothing there, no operand. */
export const operandsAt = async (files: Files, workspace: string, path: string, limit: number): Promise<readonly Operand[]> => {
  const held = await files.resolve([workspace], path);
  try {
    return held.kind === 'file' ? [{ path: held.path, sha256: await held.sha256(limit) }] : [];
  } finally {
    await held.close();
  }
};

export const succeeded = (
  text: string,
  structured: JsonObject,
  extent: { readonly truncated: boolean; readonly bytes: number },
): ToolOutput => ({
  text,
  structured,
  isError: false,
  exitCode: null,
  ...extent,
});

/** Refuses, before anybody is asked, what cannot work. */
export const requireKind = (held: HeldPath, kind: 'file' | 'directory'): void => {
  const wanted = kind === 'file' ? 'a regular file' : 'a folder';
  if (held.kind === null) throw new AppError('not_found', `there is nothing at ${held.path}`);
  if (held.kind !== kind) throw new AppError('invalid_input', `${held.path} is not ${wanted}`);
};

/** The text of bytes that are UTF-8 without NUL; null for anything else. */
export const textOf = (bytes: Uint8Array): string | null => {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};
