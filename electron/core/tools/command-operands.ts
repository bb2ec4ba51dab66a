import { posix } from 'node:path';
import type { CallPreview, Operand } from '../../../shared/domain/call.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ShellAnalysis } from '../policy/shell-parser.ts';
import type { LayerRoot } from '../ports/layers.ts';
import type { Files, HeldPath } from '../ports/files.ts';
import type { SystemPrograms } from './system-programs.ts';

/** What of a command line is looked at. What is left out is said, never silently dropped. */
const limits = { operands: 200, lookUps: 1000, fileBytes: 64 * 1024 * 1024, folders: 8 };

export interface CommandFiles {
  /** Programs and files that decide what the command does, in the order of their paths. */
  readonly operands: readonly Operand[];
  readonly paths: CallPreview['paths'];
  /** Null when the lists are complete; else why they are not. */
  readonly incomplete: string | null;
}

export interface CommandFilesDeps {
  readonly files: Files;
  readonly programs: SystemPrograms;
  readonly workspaces: readonly string[];
  readonly roots: readonly LayerRoot[];
  /** Where the command starts, absolute. */
  readonly cwd: string;
}

/** SECURITY: not normalised. After a link, `..` means what the file system says, and only the walk knows that. */
const below = (folder: string, word: string): string => (posix.isAbsolute(word) ? word : `${folder}/${word}`);

/** The folders in which relative words may have a meaning: where the command starts and wherever it changes to. */
const foldersOf = (analysis: ShellAnalysis, cwd: string): { readonly folders: readonly string[]; readonly isComplete: boolean } => {
  const folders = [cwd];
  let isComplete = true;
  for (const { program, words } of analysis.commands) {
    if (program !== 'cd' && program !== 'pushd') continue;
    const target = words.slice(1).find((word) => word === null || !word.startsWith('-'));
    if (target === undefined || target === null || folders.length >= limits.folders) isComplete = false;
    else folders.push(...folders.map((folder) => below(folder, target)).slice(0, limits.folders - folders.length));
  }
  return { folders: [...new Set(folders)], isComplete };
};

/** Finds and hashes what a command line names: argv[0] of every command and every static word that is a file in a workspace. */
export const findCommandFiles = async (
  analysis: ShellAnalysis,
  { files, programs, workspaces, roots, cwd }: CommandFilesDeps,
): Promise<CommandFiles> => {
  const operands = new Map<string, Operand>();
  const paths = new Map<string, CallPreview['paths'][number]>();
  const { folders, isComplete } = foldersOf(analysis, cwd);
  let incomplete: string | null = isComplete ? null : 'it changes to a folder that is not known beforehand';
  let lookUps = 0;

  const addOperand = (operand: Operand): void => {
    if (operands.has(operand.path)) return;
    if (operands.size >= limits.operands) incomplete ??= `it names more than ${limits.operands} files`;
    else operands.set(operand.path, operand);
  };

  /** Looks at one path in the workspaces; one that is refused or missing is not there for the command either. */
  const look = async (path: string, use: (held: HeldPath) => Promise<void>): Promise<void> => {
    if ((lookUps += 1) > limits.lookUps) {
      incomplete ??= 'it names more things than are looked up';
      return;
    }
    const held = await files.resolve(workspaces, path, roots).catch((error: unknown) => {
      if (error instanceof AppError && error.code !== 'unavailable') return null;
      throw error;
    });
    try {
      if (held !== null) await use(held);
    } finally {
      await held?.close();
    }
  };

  const addWord = async (path: string): Promise<void> =>
    look(path, async (held) => {
      if (held.kind === null) return;
      if (!paths.has(held.path))
        paths.set(held.path, { path: held.path, access: held.kind === 'directory' ? 'list' : 'read', exists: true });
      if (held.kind !== 'file' || operands.has(held.path)) return;
      if ((held.size ?? 0) > limits.fileBytes) {
        incomplete ??= `${held.path} is too large to be bound to the approval`;
        return;
      }
      const sha256 = await held.sha256(limits.fileBytes).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        incomplete ??= `${held.path} cannot be read, and so cannot be bound to the approval`;
        return null;
      });
      if (sha256 !== null) addOperand({ path: held.path, sha256 });
    });

  const written = new Set(analysis.redirects.flatMap(({ target, writes }) => (writes && target !== null && target !== '' ? [target] : [])));
  for (const target of written) {
    for (const folder of folders) {
      await look(below(folder, target), async (held) => {
        paths.set(held.path, { path: held.path, access: 'write', exists: held.kind !== null });
      });
    }
  }

  for (const program of new Set(analysis.commands.map((command) => command.program))) {
    if (program === null || program === '') continue;
    // A relative program is a word, too, and found below.
    const found = program.includes('/') && !posix.isAbsolute(program) ? null : await programs.find(program);
    if (found !== null) addOperand(found);
  }

  const words = [...new Set([...analysis.commands.flatMap(({ words: each }) => each.filter((word) => word !== null)), ...analysis.words])];
  for (const word of words) {
    if (word === '' || word.includes('\0')) continue;
    for (const folder of folders) await addWord(below(folder, word));
  }

  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  return { operands: [...operands.values()].sort(byPath), paths: [...paths.values()].sort(byPath), incomplete };
};
