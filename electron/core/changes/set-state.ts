import type { ChangeEntry, ChangeSetState, EntryState, FileVersion } from '../../../shared/domain/change.ts';
import type { Digest } from '../../../shared/domain/identity.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';

/** What waits for the operator. */
export const isWaiting = (entry: { readonly state: EntryState }): boolean => entry.state === 'held' || entry.state === 'conflict';

/** Whether a later call of the task has to know of it: what waits, what was refused, what was put back. */
export const hasRemainder = (entries: readonly ChangeEntry[]): boolean =>
  entries.some((entry) => isWaiting(entry) || entry.state === 'dropped' || entry.state === 'undone');

/** What a set is once nothing of it is under way. */
export function settledState(entries: readonly ChangeEntry[]): ChangeSetState {
  const has = (state: EntryState): boolean => entries.some((entry) => entry.state === state);
  if (entries.some(isWaiting)) return has('applied') ? 'partly_held' : 'held';
  if (has('applied')) return 'applied';
  if (has('undone')) return 'undone';
  return has('dropped') ? 'dropped' : 'rolled_back';
}

/** What a decision on these entries is bound to. */
export function changeDigest(entries: readonly ChangeEntry[]): Digest {
  return sha256Hex(canonicalJson(entries.map(({ path, from, before, after }) => ({ path, from, before, after }))));
}

/** Whether two versions are the same thing, mode included. A folder's content is its own. */
export function isSameVersion(one: FileVersion | null, other: FileVersion | null): boolean {
  if (one === null || other === null) return one === other;
  if (one.type === 'file') return other.type === 'file' && one.sha256 === other.sha256 && one.mode === other.mode;
  if (one.type === 'symlink') return other.type === 'symlink' && one.target === other.target;
  return other.type === 'directory' && one.mode === other.mode;
}
