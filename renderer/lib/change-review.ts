import type { ChangeEntry } from '../../shared/domain/change.ts';
import { isBinary, isFolder, isTooLong } from './change-words.ts';
import { counted } from './format.ts';

/** How far the operator has come with what a set holds. Keys are those of `reviewKey`. */
export interface Review {
  /** Ticks that the operator set or took away; the others stand as `startsTicked` says. */
  readonly ticks: ReadonlyMap<string, boolean>;
  /** What has been in view to its end, by entry: the very difference that was shown. */
  readonly looked: ReadonlyMap<string, unknown>;
  /** Whose text turned out not to be there. */
  readonly cut: ReadonlySet<string>;
  /** Whether what has not been in view may be applied all the same. */
  readonly unseen: boolean;
}

export const emptyReview: Review = { ticks: new Map(), looked: new Map(), cut: new Set(), unseen: false };

/** Names an entry in the state in which it was looked at: one that turned into a conflict must be looked at again. */
export const reviewKey = (entry: ChangeEntry): string => `${entry.state}:${entry.path}`;

/** SECURITY: text of which nothing can be shown cannot be applied (THREATS rule 15). */
export const mayApply = (review: Review, entry: ChangeEntry): boolean => !review.cut.has(reviewKey(entry));

/** SECURITY: what has no text, or more than can be shown, is applied only where its own tick was set by hand, beside its size and hash. */
const startsTicked = (entry: ChangeEntry): boolean => !isBinary(entry) && !isTooLong(entry);

export const isTicked = (review: Review, entry: ChangeEntry): boolean =>
  mayApply(review, entry) && (review.ticks.get(reviewKey(entry)) ?? startsTicked(entry));

export const tickedOf = (review: Review, entries: readonly ChangeEntry[]): readonly ChangeEntry[] =>
  entries.filter((entry) => isTicked(review, entry));

export function tick(review: Review, entries: readonly ChangeEntry[], on: boolean): Review {
  const ticks = new Map(review.ticks);
  for (const entry of entries) ticks.set(reviewKey(entry), on);
  return { ...review, ticks, unseen: false };
}

/** Ticks all that has text to read, or none. What has none keeps its own tick. */
export function tickAll(review: Review, entries: readonly ChangeEntry[], on: boolean): Review {
  return tick(
    review,
    entries.filter((entry) => !on || startsTicked(entry)),
    on,
  );
}

export const unseenOf = (review: Review, entries: readonly ChangeEntry[]): readonly ChangeEntry[] =>
  tickedOf(review, entries).filter((entry) => !isFolder(entry) && !review.looked.has(reviewKey(entry)));

/** Why the ticked files cannot be applied yet; null when they can. */
export function whyNotApplicable(review: Review, entries: readonly ChangeEntry[]): string | null {
  const ticked = tickedOf(review, entries);
  if (entries.length === 0) return 'Nothing in it waits.';
  if (entries.every((entry) => !mayApply(review, entry)))
    return 'This text cannot be shown, so it cannot be applied. Keep it out; the agent can write it again.';
  if (ticked.length === 0) return 'Tick the files to apply.';
  const unseen = unseenOf(review, entries).length;
  if (unseen === 0 || review.unseen) return null;
  if (entries.length === 1) return 'More of the difference is below. Scroll to its end to apply it.';
  return `${counted(unseen, 'ticked file has', 'ticked files have')} not been in view to the end.`;
}
