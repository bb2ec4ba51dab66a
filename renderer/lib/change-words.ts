import type { ChangeEntry, ChangeKind, ChangeSet, EntryState, FileVersion } from '../../shared/domain/change.ts';
import { bytes, counted } from './format.ts';

/** What waits for the operator. */
export const isWaiting = (entry: ChangeEntry): boolean => entry.state === 'held' || entry.state === 'conflict';

export const waitingOf = (set: ChangeSet): readonly ChangeEntry[] => set.entries.filter(isWaiting);

export const kindWords: Readonly<Record<ChangeKind, string>> = {
  created: 'new',
  modified: 'changed',
  deleted: 'deleted',
  renamed: 'renamed',
  mode: 'mode',
  symlink: 'link',
};

/** The states in the order in which they concern the operator. */
export const entryStates: readonly EntryState[] = ['conflict', 'held', 'failed', 'pending', 'applied', 'undone', 'dropped'];

export const stateWords: Readonly<Record<EntryState, string>> = {
  conflict: 'in conflict',
  held: 'held',
  failed: 'failed',
  pending: 'under way',
  applied: 'applied',
  undone: 'undone',
  dropped: 'kept out',
};

/** The entries by state, in the order in which they concern the operator; states that do not occur are left out. */
export function byState(set: ChangeSet): readonly { readonly state: EntryState; readonly entries: readonly ChangeEntry[] }[] {
  return entryStates
    .map((state) => ({ state, entries: set.entries.filter((entry) => entry.state === state) }))
    .filter(({ entries }) => entries.length > 0);
}

/** `2 held · 12 applied`. */
export const countsLine = (set: ChangeSet): string =>
  byState(set)
    .map(({ state, entries }) => `${entries.length} ${stateWords[state]}`)
    .join(' · ');

/** A path as it stands below its workspace; whole when it does not. */
export const below = (workspace: string, path: string): string =>
  path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path;

const permissions = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** What a version is, in words, apart from its text: `file, 4.1 kB, mode 0644`. */
export function versionWords(version: FileVersion | null): string {
  if (version === null) return 'nothing';
  if (version.type === 'symlink') return `link to ${version.target}`;
  if (version.type === 'directory') return `folder, mode ${permissions(version.mode)}`;
  return `file, ${bytes(version.size)}, mode ${permissions(version.mode)}`;
}

/** The change of permissions of a file that stays a file, which no difference of its text shows; null when they stay. */
export function modeChange({ before, after }: ChangeEntry): string | null {
  if (before === null || after === null || before.type === 'symlink' || after.type === 'symlink') return null;
  return before.mode === after.mode ? null : `Mode ${permissions(before.mode)} becomes ${permissions(after.mode)}`;
}

/** Whether a new file, or one whose mode changes, can be run as a program. */
export function becomesExecutable({ before, after }: ChangeEntry): boolean {
  const isProgram = (version: FileVersion | null): boolean => version?.type === 'file' && (version.mode & 0o111) !== 0;
  return isProgram(after) && !isProgram(before);
}

/** What a set that waits is about, after the agent's name: `changed 2 files that run later`. */
export function heldSentence(all: readonly ChangeEntry[]): string {
  const files = all.filter((entry) => !isFolder(entry));
  const waiting = files.length === 0 ? all : files;
  const conflicts = waiting.filter(({ state }) => state === 'conflict').length;
  if (conflicts === waiting.length && conflicts > 0) return `changed ${counted(conflicts, 'file')} that also changed here`;
  if (waiting.every(({ rule }) => rule.startsWith('builtin:'))) return `changed ${counted(waiting.length, 'file')} that may run later`;
  return `changed ${counted(waiting.length, 'file')} that ${waiting.length === 1 ? 'is' : 'are'} held`;
}

/** Bytes of a side beyond which the gateway cuts its text, and so cannot show it in full. */
const shownLimit = 512 * 1024;

/** Whether an entry has content that is no text. Folders have none. */
export const isBinary = ({ is_text, before, after }: ChangeEntry): boolean => !is_text && (after ?? before)?.type === 'file';

/** Whether an entry is a folder, of which there is nothing to read. */
export const isFolder = ({ before, after }: ChangeEntry): boolean => (after ?? before)?.type === 'directory';

/** Whether the text of an entry is longer than can be shown. */
export const isTooLong = ({ is_text, before, after }: ChangeEntry): boolean =>
  is_text && [before, after].some((version) => version?.type === 'file' && version.size > shownLimit);
