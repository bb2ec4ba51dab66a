import { rmSync } from 'node:fs';
import { AppError } from '../../../shared/errors.ts';
import { readConfigFile, replaceConfigFile } from './config-file.ts';
import { readConnects, writeConnects, type AppliedConnect } from './connection-record.ts';
import type { Places, Recipe } from './recipe.ts';

/** What becomes of one file: put back whole, edited, or removed because it did not exist before. */
interface Restore {
  readonly path: string;
  readonly text: string | null;
  readonly mode: number;
  /** The backup, once it has become the file itself again. */
  readonly spent: string | null;
}

const OWNER_ONLY = 0o600;

/**
 * Takes the newest connect back. A file that is still what was written becomes what it was before; from one that changed since, only our
 * own entries are taken out. Nothing is written unless every file can be.
 * Errors: `not_found` when there is nothing to undo; `conflict` when a file changed so that our entries cannot be told apart.
 */
export function undoConnect(recipe: Recipe, places: Places): { readonly restored: readonly string[] } {
  const connects = readConnects(places.dataDir, recipe.kind);
  const newest = connects.at(-1);
  if (newest === undefined) throw new AppError('not_found', `${recipe.title} was not connected from here, so there is nothing to undo.`);
  const restores = newest.files.flatMap((file) => restoreOf(recipe, places, newest.disabled_own_tools, file));
  for (const { path, text, mode } of restores) {
    if (text === null) rmSync(path, { force: true });
    else replaceConfigFile(path, text, mode);
  }
  writeConnects(places.dataDir, recipe.kind, connects.slice(0, -1));
  for (const { spent } of restores) if (spent !== null) rmSync(spent, { force: true });
  return { restored: restores.map(({ path }) => path) };
}

function restoreOf(recipe: Recipe, places: Places, disableOwnTools: boolean, file: AppliedConnect['files'][number]): Restore[] {
  const current = readConfigFile(file.path);
  // Removed since, so our entries are gone; or never written, because the write before it failed.
  if (current.text === null) return [];
  const before = file.backup === null ? null : readBackup(file.backup);
  if (current.sha256 === file.sha256_after) {
    return [{ path: file.path, text: before, mode: file.mode ?? OWNER_ONLY, spent: file.backup }];
  }
  if (current.text === before) return [];
  const edit = recipe.files(places, { mcpUrl: '', disableOwnTools }).find(({ path }) => readConfigFile(path).path === file.path);
  if (edit === undefined) throw changed(file.path, 'it is no longer the file that this client reads');
  try {
    const text = edit.revert(current.text, before);
    return [{ path: file.path, text: before === null && isEmpty(text) ? null : text, mode: current.mode ?? OWNER_ONLY, spent: null }];
  } catch (cause) {
    if (cause instanceof SyntaxError) throw changed(file.path, cause.message, cause);
    throw cause;
  }
}

function readBackup(path: string): string {
  const { text } = readConfigFile(path);
  if (text === null) throw new AppError('not_found', `The backup ${path} is gone. Take the entries of Gatehouse out by hand.`);
  return text;
}

const isEmpty = (text: string): boolean => ['', '{}'].includes(text.replace(/\s/g, ''));

const changed = (path: string, why: string, cause?: unknown): AppError =>
  new AppError(
    'conflict',
    `${path} was changed since by another program, and cannot be edited safely (${why}). Take the entries of Gatehouse out by hand.`,
    {
      cause,
    },
  );
