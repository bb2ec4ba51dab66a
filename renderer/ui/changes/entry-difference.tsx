import type { ReactNode } from 'react';
import type { ChangeEntry, FileVersion } from '../../../shared/domain/change.ts';
import { becomesExecutable, isBinary, isTooLong, modeChange, versionWords } from '../../lib/change-words.ts';
import { notShown } from '../../lib/cut-text.ts';
import type { ChangeDiff } from '../../lib/use-change-review.ts';
import { DiffView } from '../diff-view.tsx';
import { Notice } from '../states.tsx';
import { Untrusted } from '../untrusted.tsx';

function Version({ name, version }: { readonly name: string; readonly version: FileVersion | null }): ReactNode {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 select-text" title={version?.type === 'file' ? `${version.size} bytes` : undefined}>
        <Untrusted text={versionWords(version)} />
        {version?.type === 'file' && <span className="machine block text-sm break-all text-ink-2">SHA-256 {version.sha256}</span>}
      </dd>
    </>
  );
}

/** Both versions of what has no text, named by size and hash. */
function Versions({ entry }: { readonly entry: ChangeEntry }): ReactNode {
  return (
    <dl className="grid grid-cols-[56px_minmax(0,1fr)] gap-x-3 gap-y-1">
      <Version name="Before" version={entry.before} />
      <Version name="After" version={entry.after} />
    </dl>
  );
}

function titleOf(entry: ChangeEntry): string {
  if (entry.before === null) return 'New file';
  return entry.after === null ? 'Deletes the file' : 'Changes the file';
}

/** Both versions of a conflict: the agent's against the real file as it is now. */
function Conflict({ diff }: { readonly diff: ChangeDiff }): ReactNode {
  return (
    <>
      <p className="text-sm">
        <span className="font-medium text-deny">− the real file now</span>
        <span className="text-ink-3">, which the agent has not seen · </span>
        <span className="font-medium text-allow">+ what the agent left</span>
      </p>
      {diff.current === null && <p className="text-sm text-ink-2">The real file is gone now.</p>}
      <DiffView
        before={diff.current}
        after={diff.after ?? ''}
        title={diff.after === null ? 'Deletes the file' : 'Replaces the real file'}
      />
    </>
  );
}

const bytesOf = (version: FileVersion | null): number | null => (version?.type === 'file' ? version.size : null);

/** The beginning of both versions, how much of them is not shown, and the whole of them by size and hash. */
function Long({ entry, diff }: { readonly entry: ChangeEntry; readonly diff: ChangeDiff }): ReactNode {
  const said = notShown({ text: diff.before, bytes: bytesOf(entry.before) }, { text: diff.after, bytes: bytesOf(entry.after) });
  return (
    <>
      {said !== null && (
        <Notice tone="ask">
          {said} Tick it only if you know this file: applying it applies the whole. The last lines below may differ only because they are
          cut.
        </Notice>
      )}
      <Versions entry={entry} />
      {entry.state === 'conflict' ? (
        <Conflict diff={diff} />
      ) : (
        <DiffView before={diff.before} after={diff.after ?? ''} title={titleOf(entry)} />
      )}
    </>
  );
}

function Body({ entry, diff }: { readonly entry: ChangeEntry; readonly diff: ChangeDiff }): ReactNode {
  if ((entry.after ?? entry.before)?.type === 'directory') return <p className="text-ink-2">A folder; there is nothing to read in it.</p>;
  if (isBinary(entry)) {
    return (
      <>
        <p className="text-ink-2">Not text, so its content cannot be shown. Tick it only if you know this file.</p>
        <Versions entry={entry} />
      </>
    );
  }
  const isGone = (entry.after?.type === 'file' && diff.after === null) || (entry.before?.type === 'file' && diff.before === null);
  if (!diff.is_text || isGone) {
    return (
      <>
        <Notice tone="ask">This text cannot be shown, so it cannot be applied. Keep it out; the agent can write it again.</Notice>
        <Versions entry={entry} />
      </>
    );
  }
  if (isTooLong(entry) || diff.truncated) return <Long entry={entry} diff={diff} />;
  if (entry.state === 'conflict') return <Conflict diff={diff} />;
  const isChangedSince = entry.state === 'held' && diff.current !== diff.before;
  return (
    <>
      {isChangedSince && <Notice tone="ask">The real file has changed since. Applying stops there, and shows both versions.</Notice>}
      {(diff.before ?? diff.after) !== null && <DiffView before={diff.before} after={diff.after ?? ''} title={titleOf(entry)} />}
    </>
  );
}

/** One entry, whole: why it is as it is, and every changed line. */
export function EntryDifference({ entry, diff }: { readonly entry: ChangeEntry; readonly diff: ChangeDiff }): ReactNode {
  const mode = modeChange(entry);
  return (
    <div className="flex flex-col gap-2">
      {mode !== null && (
        <p className={becomesExecutable(entry) ? 'text-sm font-medium text-ask' : 'text-sm text-ink-2'}>
          {mode}
          {becomesExecutable(entry) && ': it can be started as a program'}
        </p>
      )}
      {mode === null && becomesExecutable(entry) && <p className="text-sm font-medium text-ask">It can be started as a program.</p>}
      <Body entry={entry} diff={diff} />
    </div>
  );
}
