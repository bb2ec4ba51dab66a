import type { z } from 'zod';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import type { AgentToken } from '../../../shared/domain/identity.ts';
import type { LayerView } from '../ports/layers.ts';
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
  /** For a call that changes nothing: what it does with the path that was resolved. */
  readonly run: (held: HeldPath, signal: AbortSignal) => Promise<ToolOutput>;
}

/** Whom a file call is for, and what it sees. */
export interface FileCallContext {
  readonly token: Pick<AgentToken, 'workspaces'>;
  readonly view: LayerView | null;
}

/** Holds a path for a call and lets go of it when the call could not be resolved. */
export const resolveFileCall = async (
  files: Files,
  { token: { workspaces }, view }: FileCallContext,
  path: string,
  describe: (held: HeldPath) => Promise<FileCall>,
): Promise<Resolution> => {
  const held = await files.resolve(workspaces, path, view?.roots);
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
      execute: async ({ signal, openLayer }) => {
        if (call.access !== 'write') return call.run(held, signal);
        // The layer is walked anew: what was resolved may have been the real file.
        const inLayer = await files.resolve(workspaces, held.path, (await openLayer()).roots);
        try {
          const now = inLayer.kind === 'file' ? [{ path: inLayer.path, sha256: await inLayer.sha256(hashLimit) }] : [];
          if (inLayer.path !== held.path || JSON.stringify(now) !== JSON.stringify(operands))
            throw new AppError('conflict', `${held.path} changed after this call was resolved: read it and try again`);
          return await call.run(inLayer, signal);
        } finally {
          await inLayer.close();
        }
      },
      release: async () => held.close(),
    };
  } catch (error) {
    await held.close();
    throw error;
  }
};

/** Bytes of the largest file that a call may build upon. */
const hashLimit = 8 * 1024 * 1024;

/** The hash of a file as it is now, by its name and not by what was held: nothing there, no operand. */
export const operandsAt = async (files: Files, { workspace, path }: HeldPath, view: LayerView | null): Promise<readonly Operand[]> => {
  const held = await files.resolve([workspace], path, view?.roots);
  try {
    return held.kind === 'file' ? [{ path: held.path, sha256: await held.sha256(hashLimit) }] : [];
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
