import type { ChangeEntry, FileVersion } from '../../../shared/domain/change.ts';
import type { ChangeFiles } from '../ports/change-files.ts';
import { AppError } from '../../../shared/errors.ts';
import { halvesOf } from './drafts.ts';

/** Bytes of each side of a difference that can be shown; as for `file_write`. */
export const shownLimit = 512 * 1024;
/** Edits beyond which lines are not counted. */
const editLimit = 500;

export interface ShownText {
  readonly text: string | null;
  readonly isText: boolean;
  readonly isCut: boolean;
}

const nothing: ShownText = { text: null, isText: true, isCut: false };

/** Content as text: null where there is none. Cut at 512 KiB. */
export function shownText(bytes: Uint8Array, size: number): ShownText {
  if (bytes.includes(0)) return { text: null, isText: false, isCut: false };
  const isCut = size > bytes.length;
  try {
    // When it is cut, the last character may be too.
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut }), isText: true, isCut };
  } catch {
    return { text: null, isText: false, isCut: false };
  }
}

/** A kept version as text; a link is where it leads. */
export async function versionText(files: Pick<ChangeFiles, 'read'>, version: FileVersion | null): Promise<ShownText> {
  if (version === null || version.type === 'directory') return nothing;
  if (version.type === 'symlink') return { text: `symbolic link to ${version.target}\n`, isText: true, isCut: false };
  try {
    return shownText(await files.read(version.sha256, shownLimit), version.size);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return { text: null, isText: true, isCut: true };
    throw error;
  }
}

/** What can be said of a change's text: whether a difference can be shown, and how many lines it adds and removes. */
export async function textFacts(
  files: Pick<ChangeFiles, 'read'>,
  change: Pick<ChangeEntry, 'path' | 'from' | 'before' | 'after' | 'kind'>,
): Promise<Pick<ChangeEntry, 'is_text' | 'lines'>> {
  const [before, after] = await Promise.all([versionText(files, change.before), versionText(files, change.after)]);
  const is_text = before.isText && after.isText && halvesOf(change).every((half) => (half.after ?? half.before)?.type !== 'directory');
  const isCountable = is_text && !before.isCut && !after.isCut;
  return { is_text, lines: isCountable ? countLines(before.text ?? '', after.text ?? '') : null };
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** How many lines a difference adds and removes; null when they differ too much to be counted. */
export function countLines(before: string, after: string): { readonly added: number; readonly removed: number } | null {
  const old = linesOf(before);
  const now = linesOf(after);
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  const edits = distance(old.slice(start, old.length - end), now.slice(start, now.length - end));
  if (edits === null) return null;
  const added = (edits + now.length - old.length) / 2;
  return { added, removed: edits - added };
}

/** The fewest insertions and removals that lead from one list to the other (Myers 1986, forward, lengths only). */
function distance(one: readonly string[], other: readonly string[]): number | null {
  if (one.length === 0 || other.length === 0) return one.length + other.length;
  const limit = Math.min(editLimit, one.length + other.length);
  // By diagonal, from −limit − 1 to limit + 1.
  const furthest = new Int32Array(2 * limit + 3);
  const at = (diagonal: number): number => diagonal + limit + 1;
  for (let edits = 0; edits <= limit; edits += 1) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = furthest[at(diagonal + 1)] ?? 0;
      const right = furthest[at(diagonal - 1)] ?? 0;
      let x = diagonal === -edits || (diagonal !== edits && right < down) ? down : right + 1;
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal]) x += 1;
      furthest[at(diagonal)] = x;
      if (x >= one.length && x - diagonal >= other.length) return edits;
    }
  }
  return null;
}
