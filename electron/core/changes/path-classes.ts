import type { ChangeClass } from '../../../shared/domain/policy.ts';
import { foldName } from './fold-name.ts';
import { gitPathOf } from './git-paths.ts';
import { CACHES, NAMED, OUTPUTS, PLAIN_DOT } from './named-classes.ts';

/** What a path's names say. */
export interface NamedPath {
  /** Null: an ordinary path. */
  readonly held: ChangeClass | null;
  /** Lies in a folder that a build or a tool fills. */
  readonly isOutput: boolean;
}

/** The built-in class of a path by its names alone: its components below the workspace. Case and invisible characters do not help. */
export function classOfPath(names: readonly string[], isFolder: boolean): NamedPath {
  const folded = names.map(foldName);
  const git = gitPathOf(names, folded, isFolder);
  if (git !== 'outside') return { held: git === 'rest' ? 'git' : null, isOutput: false };
  const folders = isFolder ? folded : folded.slice(0, -1);
  const cache = folders.findIndex((name) => CACHES.test(name));
  const output = folders.findIndex((name) => CACHES.test(name) || OUTPUTS.test(name));
  const isOutput = output >= 0;
  const judged = cache < 0 ? folded : folded.slice(0, cache);
  const held = namedClass(judged, isFolder || cache >= 0);
  // SECURITY: a cache among packages is still a cache; one in `.husky` is not.
  if (held === 'dependencies' && cache >= 0) return { held: null, isOutput };
  if (held !== null) return { held, isOutput };
  const isDot = (isOutput ? folded.slice(0, output) : folded).some((name) => name.startsWith('.') && !PLAIN_DOT.test(name));
  return { held: isDot ? 'dotfile' : null, isOutput };
}

function namedClass(folded: readonly string[], isFolder: boolean): ChangeClass | null {
  const last = isFolder ? undefined : folded.at(-1);
  const found = NAMED.find(
    ({ folders, files }) =>
      (folders !== undefined && folded.some((name) => folders.test(name))) ||
      (files !== undefined && last !== undefined && files.test(last)),
  );
  return found?.id ?? null;
}
