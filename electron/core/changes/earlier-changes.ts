import type { ChangeEntry, ChangeSet, FileVersion } from '../../../shared/domain/change.ts';
import type { LayerChange } from '../ports/layers.ts';
import { stripped } from './drafts.ts';
import { isSameVersion, isWaiting } from './set-state.ts';

/** What decided that an entry no longer waits, without the operator. */
export const superseded = 'builtin:superseded';
export const takenBack = 'builtin:taken-back';

export interface Earlier {
  /** What is news to this call. */
  readonly news: readonly LayerChange[];
  /** Entries of earlier sets that wait no longer. */
  readonly settled: ReadonlyMap<ChangeEntry, Pick<ChangeEntry, 'state' | 'rule' | 'reason'>>;
  /** Paths whose very same change was undone before in this task. */
  readonly undone: ReadonlySet<string>;
  /** Paths that wait still, by an earlier set. */
  readonly waiting: ReadonlySet<string>;
}

interface Scanned {
  readonly changes: readonly LayerChange[];
  readonly skipped: readonly string[];
  /** The workspaces that were scanned. */
  readonly workspaces: readonly string[];
}

/**
 * Compares what the layer holds with what the task's earlier sets say of it: what waits unchanged is not asked again, what was refused and
 * looks the same stays refused, what waits and changed again is superseded, what the agent took back waits no longer.
 */
export function compareWithEarlier(sets: readonly ChangeSet[], scanned: Scanned, approved: ReadonlyMap<string, unknown>): Earlier {
  const now = new Map(scanned.changes.map((change) => [change.path, stripped(change.after)]));
  const entries = sets.flatMap((set) => set.entries);
  const settled = new Map<ChangeEntry, Pick<ChangeEntry, 'state' | 'rule' | 'reason'>>();
  // Of each path every version that was refused, waits or was undone: an agent may go back to an older one.
  const quiet = createVersions();
  const undone = createVersions();
  const waiting = new Set<string>();
  for (const entry of entries) {
    const isScanned = scanned.workspaces.includes(entry.workspace) && !halves(entry).some(({ path }) => scanned.skipped.includes(path));
    if (isWaiting(entry) && isScanned) {
      const end = endOf(entry, now, approved);
      if (end !== null) settled.set(entry, end);
      else {
        for (const { path, after } of halves(entry)) {
          quiet.add(path, after);
          waiting.add(path);
        }
      }
    }
    if (entry.state === 'dropped' && entry.rule !== superseded && entry.rule !== takenBack) {
      for (const { path, after } of halves(entry)) quiet.add(path, after);
    }
    if (entry.state === 'undone') for (const { path, after } of halves(entry)) undone.add(path, after);
  }
  const isQuiet = ({ path, after }: LayerChange): boolean => !approved.has(path) && quiet.has(path, stripped(after));
  const isUndone = ({ path, after }: LayerChange): boolean => undone.has(path, stripped(after));
  const news = scanned.changes.filter((change) => !isQuiet(change));
  return { news, settled, undone: new Set(news.filter(isUndone).map(({ path }) => path)), waiting };
}

/** Versions by path, as many as there were of each. */
interface Versions {
  add(path: string, version: FileVersion | null): void;
  has(path: string, version: FileVersion | null): boolean;
}

function createVersions(): Versions {
  const known = new Map<string, (FileVersion | null)[]>();
  const has = (path: string, version: FileVersion | null): boolean => known.get(path)?.some((one) => isSameVersion(one, version)) ?? false;
  return {
    has,
    add(path, version) {
      if (!has(path, version)) known.set(path, [...(known.get(path) ?? []), version]);
    },
  };
}

const halves = ({ path, from, after }: ChangeEntry): readonly { readonly path: string; readonly after: FileVersion | null }[] =>
  from === null
    ? [{ path, after }]
    : [
        { path, after },
        { path: from, after: null },
      ];

/** Why an entry that waits does so no longer; null: it still does. */
function endOf(
  entry: ChangeEntry,
  now: ReadonlyMap<string, FileVersion | null>,
  approved: ReadonlyMap<string, unknown>,
): Pick<ChangeEntry, 'state' | 'rule' | 'reason'> | null {
  const parts = halves(entry);
  if (parts.every(({ path }) => !now.has(path))) {
    return { state: 'dropped', rule: takenBack, reason: 'It no longer differs from the real file.' };
  }
  const isUnchanged = parts.every(({ path, after }) => now.has(path) && isSameVersion(now.get(path) ?? null, after));
  if (isUnchanged && !parts.some(({ path }) => approved.has(path))) return null;
  return { state: 'dropped', rule: superseded, reason: 'A later call changed it again; that change stands in its place.' };
}
