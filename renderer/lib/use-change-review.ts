import { useCallback, useEffect, useState, type RefObject } from 'react';
import type { OutputOf } from '../../shared/contract/contract.ts';
import type { ChangeEntry, ChangeSet } from '../../shared/domain/change.ts';
import { emptyReview, reviewKey, tick, tickAll, tickedOf, unseenOf, whyNotApplicable, type Review } from './change-review.ts';
import { waitingOf } from './change-words.ts';
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
  const [review, setReview] = useState<Review>(emptyReview);
  const [path, setPath] = useState<string | null>(null);
  const selected = entries.find((entry) => entry.path === path) ?? entries[0] ?? null;
  const key = selected === null ? null : reviewKey(selected);
  const { data, error } = useOperation(
    'changes.diff',
    { id: set.id, path: selected?.path ?? '' },
    { enabled: selected !== null, refetchInterval: lookAgainMs },
  );
  const content = useContentName(`${set.id}:${set.digest}:${key ?? ''}`, data);
  const { scroller, onScroll, wasReadable, overflows } = useReadToEnd(content);
  const isCut = data !== undefined && selected !== null && (data.truncated || (selected.is_text && !data.is_text));
  const wasSeen = data !== undefined && wasReadable && !isCut;
  useEffect(() => {
    if (key === null || data === undefined) return;
    setReview((now) => ({ ...now, looked: lookedAt(now.looked, key, data, wasSeen), cut: withKey(now.cut, key, isCut) }));
  }, [key, data, wasSeen, isCut]);

  const change = useCallback((next: (now: Review) => Review) => setReview(next), []);
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
    toggle: (entry) => change((now) => tick(now, [entry], !tickedOf(now, [entry]).includes(entry))),
    toggleAll: (on) => change((now) => tickAll(now, entries, on)),
    allowUnseen: (on) => change((now) => ({ ...now, unseen: on })),
  };
}

/** SECURITY: another difference at the same place (the real file changed) has to be in view again. */
function lookedAt(looked: Review['looked'], key: string, diff: ChangeDiff, wasSeen: boolean): Review['looked'] {
  if (wasSeen) return looked.get(key) === diff ? looked : new Map([...looked, [key, diff]]);
  return looked.get(key) === diff || !looked.has(key) ? looked : new Map([...looked].filter(([one]) => one !== key));
}

function withKey(keys: ReadonlySet<string>, key: string, has: boolean): ReadonlySet<string> {
  if (keys.has(key) === has) return keys;
  return has ? new Set([...keys, key]) : new Set([...keys].filter((one) => one !== key));
}
