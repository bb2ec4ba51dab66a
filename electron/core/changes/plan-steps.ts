import type { ChangeEntry, FileVersion } from '../../../shared/domain/change.ts';
import type { FileStep } from '../ports/change-files.ts';

/** One path on its way from one version to another. A rename is two of them. */
export interface Move {
  readonly workspace: string;
  readonly path: string;
  readonly is: FileVersion | null;
  readonly becomes: FileVersion | null;
}

export interface PlannedStep {
  readonly move: Move;
  readonly step: FileStep;
}

/** Steps of one batch may run side by side; a batch begins when the one before it has ended. */
export type Plan = readonly (readonly PlannedStep[])[];

type Folder = Extract<FileVersion, { type: 'directory' }>;

/** What applying an entry does to the real tree; `back`: what undoing it does. */
export function movesOf(entry: ChangeEntry, direction: 'forth' | 'back'): readonly Move[] {
  const { workspace, path, from, before, after } = entry;
  const forth: readonly Move[] =
    from === null
      ? [{ workspace, path, is: before, becomes: after }]
      : [
          { workspace, path, is: null, becomes: after },
          { workspace, path: from, is: before, becomes: null },
        ];
  return direction === 'forth' ? forth : forth.map((move) => ({ ...move, is: move.becomes, becomes: move.is }));
}

const isFolder = (version: FileVersion | null): version is Folder => version?.type === 'directory';
const depth = (path: string): number => path.split('/').length;
/** A folder in which names can be changed. */
const opened = (folder: Folder): Folder => ({ ...folder, mode: folder.mode | 0o700 });

/** The versions that a path goes through, in order; whatever interrupts, it is one of these. */
export function versionsOf({ is, becomes }: Move): readonly (FileVersion | null)[] {
  const first = isFolder(is) ? [is, opened(is)] : [is];
  const last = isFolder(becomes) ? [opened(becomes), becomes] : [becomes];
  const isReplaced = is !== null && becomes !== null && isFolder(is) !== isFolder(becomes);
  return isReplaced ? [...first, null, ...last] : [...first, ...last];
}

/**
 * An order in which every step finds what it needs: folders are there and writable before what is in them, new content lands before old
 * content goes, folders go after what was in them, and their modes come last.
 */
export function planSteps(moves: readonly Move[], { restores }: { readonly restores: boolean }): Plan {
  const step = (move: Move, expected: FileVersion | null, wanted: FileVersion | null): PlannedStep => ({
    move,
    step: { workspace: move.workspace, path: move.path, expected, wanted, restores },
  });
  const isGoing = (move: Move): boolean => move.is !== null && isFolder(move.is) !== isFolder(move.becomes);
  const removal = (move: Move): PlannedStep => step(move, isFolder(move.is) ? opened(move.is) : move.is, null);

  // A folder that becomes something else has to be emptied before anything is put in its place.
  const replaced = new Set(moves.filter((move) => isGoing(move) && move.becomes !== null).map(({ path }) => path));
  const going = moves.filter((move) => isGoing(move) || (move.is !== null && move.becomes === null));
  const isEarly = ({ path }: Move): boolean => replaced.has(path) || ancestorsOf(path).some((above) => replaced.has(above));
  const removals = (some: readonly Move[]): Plan => [
    some.filter(({ is }) => !isFolder(is)).map(removal),
    ...byDepth(
      some.filter(({ is }) => isFolder(is)),
      'deepest first',
    ).map((batch) => batch.map(removal)),
  ];

  const folders = moves.filter(({ is }) => isFolder(is));
  const opening = folders.flatMap((move) => (isFolder(move.is) && opened(move.is).mode !== move.is.mode ? [move] : []));
  const arriving = moves.filter((move) => isFolder(move.becomes) && !isFolder(move.is));
  const written = moves.filter((move) => move.becomes !== null && !isFolder(move.becomes));
  const settling = moves.filter((move) => isFolder(move.becomes));
  const plan: Plan = [
    ...byDepth(opening, 'highest first').map((batch) =>
      batch.map((move) => step(move, move.is, isFolder(move.is) ? opened(move.is) : null)),
    ),
    ...removals(going.filter(isEarly)),
    ...byDepth(arriving, 'highest first').map((batch) =>
      batch.map((move) => step(move, null, isFolder(move.becomes) ? opened(move.becomes) : null)),
    ),
    written.map((move) => step(move, isFolder(move.is) || isGoing(move) ? null : move.is, move.becomes)),
    ...removals(going.filter((move) => !isEarly(move))),
    ...byDepth(settling, 'deepest first').map((batch) => batch.map((move) => step(move, openedOf(move), move.becomes))),
  ];
  return plan.filter((batch) => batch.length > 0);
}

/** The mode that a folder has while its content is being changed. */
function openedOf({ is, becomes }: Move): FileVersion | null {
  if (isFolder(is)) return opened(is);
  return isFolder(becomes) ? opened(becomes) : null;
}

function byDepth(moves: readonly Move[], order: 'highest first' | 'deepest first'): readonly (readonly Move[])[] {
  const levels = new Map<number, Move[]>();
  for (const move of moves) {
    const level = depth(move.path);
    const batch = levels.get(level);
    if (batch === undefined) levels.set(level, [move]);
    else batch.push(move);
  }
  const sign = order === 'highest first' ? 1 : -1;
  return [...levels.entries()].sort(([one], [other]) => sign * (one - other)).map(([, batch]) => batch);
}

/** Every folder above a path, nearest first. */
export function ancestorsOf(path: string): readonly string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) above.push(path.slice(0, end));
  return above;
}
