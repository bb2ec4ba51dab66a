import type { ChangeEntry } from '../../../shared/domain/change.ts';
import type { ApprovedContent, ShownFile } from './change-set-parts.ts';
import type { ChangeContext, Classification, ClassifyChanges } from './change-to-judge.ts';
import { halvesOf, type Decided, type Draft } from './drafts.ts';
import { ancestorsOf } from './plan-steps.ts';
import { authorOf, type Authorship, type Writer } from './writers.ts';

export type Judged = Draft & Decided;

export interface Judge {
  readonly classify: ClassifyChanges;
  readonly context: ChangeContext;
  readonly approved: ReadonlyMap<string, ApprovedContent>;
  /** Everybody who can have made one of the changes. */
  readonly writers: readonly Writer[];
  /** Paths whose very same change the operator has undone before in this task. */
  readonly undone: ReadonlySet<string>;
  /** Paths that wait already, by an earlier set. */
  readonly waiting: ReadonlySet<string>;
}

const strictness = { apply: 0, hold: 1, drop: 2 } as const;
const undoneBefore: Classification = { effect: 'hold', rule: 'builtin:undone', reason: 'The operator undid this very change before.' };
/** SECURITY: what nobody judged waits. */
const unjudged: Classification = { effect: 'hold', rule: 'builtin:unjudged', reason: 'This change was not judged.' };

/** Decides every draft: `pending` ones are to be applied. A rename goes by its stricter half, and nothing goes ahead of the folder it needs. */
export async function judgeDrafts(drafts: readonly Draft[], judge: Judge): Promise<readonly Judged[]> {
  const { approved, classify, context, writers } = judge;
  // SECURITY: the content and not the path was approved; whatever else wrote there meanwhile is judged like everything.
  const isApproved = (draft: Draft): boolean => isWhatWasShown(draft, approved.get(draft.path));
  const byDraft = drafts.map((draft) =>
    halvesOf(draft).map((half) => ({ draft, half, author: authorOf(half.path, half.after?.type === 'file' ? half.after : null, writers) })),
  );
  const halves = byDraft.flat();
  const answers = await classify(
    halves.map(({ half, author }) => {
      const { workspace, path, kind, before, after, isConflict } = half;
      return { workspace, path, kind, before, after, isConflict, isApproved: isApproved(half), tools: author.tools };
    }),
    context,
  );
  const strictest = new Map<Draft, Classification>();
  halves.forEach(({ draft, half }, index) => {
    const answer = answers[index] ?? unjudged;
    const isAgain = answer.effect === 'apply' && judge.undone.has(half.path) && !isApproved(half);
    const found = isAgain ? undoneBefore : answer;
    const worst = strictest.get(draft);
    if (worst === undefined || strictness[found.effect] > strictness[worst.effect]) strictest.set(draft, found);
  });
  const judged = drafts.map((draft, index) => ({
    ...draft,
    ...decided(draft, strictest.get(draft) ?? unjudged),
    ...ofAll((byDraft[index] ?? []).map(({ author }) => author)),
  }));
  return followFolders(judged, judge.waiting);
}

/** What can be said of a change from what can be said of its halves. */
const ofAll = (authors: readonly Authorship[]): Pick<Judged, 'tools' | 'made_by'> => {
  const [first, ...others] = authors.map(({ call_id }) => call_id);
  const isOne = first !== undefined && others.every((call) => call === first);
  return { tools: [...new Set(authors.flatMap(({ tools }) => tools))].sort(), made_by: isOne ? first : null };
};

/**
 * SECURITY: the difference that was shown may have begun at a version that itself only waits; the yes is good where the real file is what it began
 * at. Content and mode are both bound, on both sides: a yes to a text is none to a program.
 */
function isWhatWasShown({ before, after }: Draft, shown: ApprovedContent | undefined): boolean {
  if (shown === undefined || after?.type !== 'file' || !isShown(after, shown.after)) return false;
  if (before === null || shown.before === null) return before === shown.before;
  return before.type === 'file' && isShown(before, shown.before);
}

const isShown = (file: ShownFile, shown: ShownFile): boolean =>
  file.sha256 === shown.sha256 && (file.mode & 0o777) === (shown.mode & 0o777);

function decided(draft: Draft, { effect, rule, reason }: Classification): Pick<Judged, 'state' | 'rule' | 'reason'> {
  if (effect === 'drop') return { state: 'dropped', rule, reason };
  if (draft.isConflict) return { state: 'conflict', rule, reason: 'The real file changed meanwhile, and not through the gateway.' };
  return { state: effect === 'hold' ? 'held' : 'pending', rule, reason };
}

const isFolder = (version: ChangeEntry['before']): boolean => version?.type === 'directory';

/** What is in a new folder waits with it; a folder that is to go waits for everything in it. */
function followFolders(judged: readonly Judged[], waiting: ReadonlySet<string>): readonly Judged[] {
  const byPath = new Map(judged.map((one) => [one.path, one]));
  const next = [...judged].sort((one, other) => (one.path < other.path ? -1 : 1));
  for (const one of next) {
    if (one.state !== 'pending' || one.after === null) continue;
    const folder = ancestorsOf(one.path)
      .map((path) => byPath.get(path))
      .find((above) => above !== undefined && isFolder(above.after) && !isFolder(above.before) && above.state !== 'pending');
    const earlier = ancestorsOf(one.path).find((path) => waiting.has(path));
    if (folder === undefined && earlier === undefined) continue;
    const state = folder?.state === 'dropped' ? 'dropped' : 'held';
    const reason = `It belongs to a folder that is not there yet: ${folder?.path ?? earlier ?? ''}`;
    byPath.set(one.path, { ...one, state, rule: folder?.rule ?? one.rule, reason });
  }
  const kept = new Set([...waiting].flatMap(ancestorsOf));
  for (const one of byPath.values()) {
    if (one.state === 'pending') continue;
    for (const half of halvesOf(one)) if (half.before !== null) for (const above of ancestorsOf(half.path)) kept.add(above);
  }
  return judged.map(({ path }) => {
    const one = byPath.get(path) as Judged;
    const isLeaving = isFolder(one.before) && !isFolder(one.after);
    if (one.state !== 'pending' || !isLeaving || !kept.has(path)) return one;
    return { ...one, state: 'held', reason: 'Something in the folder is not deleted yet.' };
  });
}
