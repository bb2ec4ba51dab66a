import { ArrowRight, Ban, Check, CircleX, Clock, GitCompareArrows, Hand, Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ChangeEntry, ChangeSet, EntryState } from '../../../shared/domain/change.ts';
import { below, kindWords, stateWords, waitingOf } from '../../lib/change-words.ts';
import { cx } from '../cx.ts';
import { Untrusted } from '../untrusted.tsx';

const marks: Readonly<Record<EntryState, { readonly icon: typeof Check; readonly tint: string }>> = {
  conflict: { icon: GitCompareArrows, tint: 'text-ask' },
  held: { icon: Hand, tint: 'text-ask' },
  failed: { icon: CircleX, tint: 'text-deny' },
  pending: { icon: Clock, tint: 'text-ink-2' },
  applied: { icon: Check, tint: 'text-allow' },
  undone: { icon: Undo2, tint: 'text-ink-2' },
  dropped: { icon: Ban, tint: 'text-ink-2' },
};

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** How an entry stands: a shape and a word. */
export function EntryMark({ state, count }: { readonly state: EntryState; readonly count?: number }): ReactNode {
  const { icon: Icon, tint } = marks[state];
  return (
    <span className={cx('inline-flex h-5 items-center gap-1 align-middle text-sm font-medium whitespace-nowrap', tint)}>
      <Icon size={14} aria-hidden="true" />
      {count === undefined ? capital(stateWords[state]) : `${count} ${stateWords[state]}`}
    </span>
  );
}

/** How a whole set stands: what waits comes before what is done. */
export function SetMark({ set }: { readonly set: ChangeSet }): ReactNode {
  const waiting = waitingOf(set);
  if (waiting.length > 0) return <EntryMark state={waiting.some(({ state }) => state === 'conflict') ? 'conflict' : 'held'} />;
  if (set.state === 'applying' || set.state === 'undoing') return <EntryMark state="pending" />;
  if (set.state === 'undone') return <EntryMark state="undone" />;
  if (set.state === 'rolled_back') return <EntryMark state="failed" />;
  return <EntryMark state={set.state === 'dropped' ? 'dropped' : 'applied'} />;
}

/** What happened to a file, in one word. */
export function KindWord({ entry }: { readonly entry: ChangeEntry }): ReactNode {
  const isFolder = (entry.after ?? entry.before)?.type === 'directory';
  return (
    <span className={cx('text-sm whitespace-nowrap', entry.kind === 'deleted' ? 'text-deny' : 'text-ink-3')}>
      {isFolder ? `${kindWords[entry.kind]} folder` : kindWords[entry.kind]}
    </span>
  );
}

/** Lines added and removed, each with its sign; nothing where they were not counted. */
export function LineCounts({ lines }: { readonly lines: ChangeEntry['lines'] }): ReactNode {
  if (lines === null) return <span />;
  return (
    <span className="inline-flex gap-1.5 text-sm whitespace-nowrap tabular-nums">
      {lines.added > 0 && <span className="text-allow">+{lines.added}</span>}
      {lines.removed > 0 && <span className="text-deny">−{lines.removed}</span>}
    </span>
  );
}

/** Where a file lies, below its workspace; for a moved one where it was, too. */
export function EntryPath({ entry, wrap = false }: { readonly entry: ChangeEntry; readonly wrap?: boolean }): ReactNode {
  const flow = wrap ? 'break-all' : 'truncate';
  const path = <Untrusted text={below(entry.workspace, entry.path)} mono className={cx('min-w-0', flow)} />;
  if (entry.from === null) return path;
  return (
    <span className={cx('min-w-0', flow)}>
      <Untrusted text={below(entry.workspace, entry.from)} mono className="text-ink-3" />
      <ArrowRight size={12} className="mx-1 inline text-ink-3" aria-label="moved to" />
      {path}
    </span>
  );
}
