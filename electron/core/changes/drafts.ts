import type { ChangeEntry, ChangeKind, EntryState, FileVersion } from '../../../shared/domain/change.ts';
import type { LayerChange } from '../ports/layers.ts';

/** A change on its way to becoming an entry. */
export type Draft = Pick<ChangeEntry, 'workspace' | 'path' | 'from' | 'kind' | 'before' | 'after'> & { readonly isConflict: boolean };

/** What kind of change leads from one version to another. */
export function kindOf(before: FileVersion | null, after: FileVersion | null): ChangeKind {
  if (after === null) return 'deleted';
  if (after.type === 'symlink') return 'symlink';
  if (before === null) return 'created';
  if (before.type === 'directory' && after.type === 'directory') return 'mode';
  return before.type === 'file' && after.type === 'file' && before.sha256 === after.sha256 ? 'mode' : 'modified';
}

/** SECURITY: what a call leaves never carries set-uid, set-gid or sticky into the real tree. */
export function stripped(version: FileVersion | null): FileVersion | null {
  return version === null || version.type === 'symlink' ? version : { ...version, mode: version.mode & 0o777 };
}

export const draftOf = ({ workspace, path, before, after, isConflict }: LayerChange): Draft => ({
  workspace,
  path,
  from: null,
  kind: kindOf(before, after),
  before,
  after: stripped(after),
  isConflict,
});

/** Joins a file that went with one of the same content that came, by the same name first. Conflicts and empty files are left as they are. */
export function pairRenames(drafts: readonly Draft[]): readonly Draft[] {
  const gone = new Map<string, Draft[]>();
  for (const draft of drafts) {
    if (draft.isConflict || draft.after !== null || draft.before?.type !== 'file' || draft.before.size === 0) continue;
    const same = gone.get(draft.before.sha256);
    if (same === undefined) gone.set(draft.before.sha256, [draft]);
    else same.push(draft);
  }
  if (gone.size === 0) return drafts;
  const taken = new Set<Draft>();
  const joined = drafts.map((draft) => {
    if (draft.isConflict || draft.before !== null || draft.after?.type !== 'file') return draft;
    const name = nameOf(draft.path);
    const free = gone.get(draft.after.sha256) ?? [];
    const sameName = free.findIndex((one) => one.workspace === draft.workspace && nameOf(one.path) === name);
    const index = sameName === -1 ? free.findIndex(({ workspace }) => workspace === draft.workspace) : sameName;
    const [source] = index === -1 ? [] : free.splice(index, 1);
    if (source === undefined) return draft;
    taken.add(source);
    return { ...draft, from: source.path, kind: 'renamed' as const, before: source.before };
  });
  return joined.filter((draft) => !taken.has(draft));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The two changes that a rename is made of; anything else is itself. */
export function halvesOf<T extends Pick<ChangeEntry, 'path' | 'from' | 'before' | 'after' | 'kind'>>(change: T): readonly T[] {
  if (change.from === null) return [change];
  return [
    { ...change, from: null, kind: 'created', before: null },
    { ...change, from: null, kind: 'deleted', path: change.from, after: null },
  ];
}

export interface Decided extends Pick<ChangeEntry, 'tools' | 'made_by'> {
  readonly state: EntryState;
  readonly rule: string;
  readonly reason: string;
}
