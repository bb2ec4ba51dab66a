import { useState, type RefObject } from 'react';
import type { OutputOf } from '../../shared/contract/contract.ts';
import type { ChangeEntry, ChangeSet } from '../../shared/domain/change.ts';
import { emptyReview, reviewKey, tick, tickAll, tickedOf, unseenOf, whyNotApplicable, type Review } from './change-review.ts';
import { isFolder, waitingOf } from './change-words.ts';
import { useOperation } from './operations.ts';
import { useReadToEnd } from './use-read-to-end.ts';

export type ChangeDiff = OutputOf<'changes.diff'>;

export interface ChangeReview {
  readonly entries: readonly ChangeEntry[];
  readonly selected: ChangeEntry | null;
  readonly review: Review;
  readonly ticked: readonly ChangeEntry[];
  readonly unseen: readonly ChangeEntry[];
  readonly blocked: string | null;
  /** The difference of the selected entry; undefined while it is read. */
  readonly diff: ChangeDiff | undefined;
  readonly error: Error | null;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  readonly overflows: boolean;
  /** Changes whenever other content stands in the scroller. */
  readonly content: string;
  readonly select: (path: string) => void;
  readonly step: (by: 1 | -1) => void;
  readonly toggle: (entry: ChangeEntry) => void;
  readonly toggleAll: (on: boolean) => void;
  readonly allowUnseen: (on: boolean) => void;
}

/** Milliseconds after which the real file is looked at again: nothing tells of changes that do not go through the gateway. */
const lookAgainMs = 3000;

/** Counts the contents that were shown, so that one that changes under its reader counts as new. */
function useContentName(name: string, diff: ChangeDiff | undefined): string {
  const [shown, setShown] = useState<{ readonly name: string; readonly diff: ChangeDiff | undefined; readonly turn: number }>({
    name,
    diff,
    turn: 0,
  });
  const isOther = shown.name !== name || shown.diff !== diff;
  const turn = isOther ? shown.turn + 1 : shown.turn;
  if (isOther) setShown({ name, diff, turn });
  return `${turn}:${name}`;
}

/** The review of what waits in one set: which file is looked at, which are ticked, and whether all of it has been in view. */
export function useChangeReview(set: ChangeSet): ChangeReview {
  const entries = waitingOf(set);
  const [kept, setReview] = useState<Review>(emptyReview);
  const [path, setPath] = useState<string | null>(null);
  const selected = entries.find((entry) => entry.path === path) ?? entries.find((entry) => !isFolder(entry)) ?? entries[0] ?? null;
  const key = selected === null ? null : reviewKey(selected);
  const { data, error } = useOperation(
    'changes.diff',
    { id: set.id, path: selected?.path ?? '' },
    { enabled: selected !== null, refetchInterval: lookAgainMs },
  );
  const content = useContentName(`${set.id}:${set.digest}:${key ?? ''}`, data);
  const { scroller, onScroll, wasReadable, overflows } = useReadToEnd(content);
  const isCut = data !== undefined && selected !== null && isUnreadable(selected, data);
  const wasSeen = data !== undefined && wasReadable && !isCut;
  const review = key === null || data === undefined ? kept : reviewed(kept, key, data, wasSeen, isCut);
  if (review !== kept) setReview(review);

  const at = selected === null ? -1 : entries.indexOf(selected);
  return {
    entries,
    selected,
    review,
    ticked: tickedOf(review, entries),
    unseen: unseenOf(review, entries),
    blocked: whyNotApplicable(review, entries),
    diff: data,
    error,
    scroller,
    onScroll,
    overflows,
    content,
    select: setPath,
    step: (by) => setPath(entries[Math.min(entries.length - 1, Math.max(0, at + by))]?.path ?? null),
    toggle: (entry) => setReview((now) => tick(now, [entry], !tickedOf(now, [entry]).includes(entry))),
    toggleAll: (on) => setReview((now) => tickAll(now, entries, on)),
    allowUnseen: (on) => setReview((now) => ({ ...now, unseen: on })),
  };
}

/** SECURITY: text that is not there any more, or turned out to be none, is not what was promised to be shown. */
function isUnreadable(entry: ChangeEntry, diff: ChangeDiff): boolean {
  if (!entry.is_text) return false;
  const isGone = (version: ChangeEntry['after'], text: string | null): boolean => version?.type === 'file' && text === null;
  return !diff.is_text || isGone(entry.after, diff.after) || isGone(entry.before, diff.before);
}

/** Takes in what stands in the scroller. Returns the same object when nothing changes. */
function reviewed(review: Review, key: string, diff: ChangeDiff, wasSeen: boolean, isCut: boolean): Review {
  const seen = review.looked.get(key);
  // SECURITY: another difference at the same place (the real file changed) has to be in view again.
  const isLooked = wasSeen || seen === diff;
  if (review.cut.has(key) === isCut && (isLooked ? seen === diff : seen === undefined)) return review;
  const looked = [...review.looked].filter(([one]) => one !== key);
  const cut = [...review.cut].filter((one) => one !== key);
  return { ...review, looked: new Map(isLooked ? [...looked, [key, diff]] : looked), cut: new Set(isCut ? [...cut, key] : cut) };
}
