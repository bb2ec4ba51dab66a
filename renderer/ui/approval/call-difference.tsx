import type { ReactNode } from 'react';
import type { CallDifference } from '../../../shared/domain/call.ts';
import { notShown } from '../../lib/cut-text.ts';
import { CodeBlock } from '../code-block.tsx';
import { DiffView } from '../diff-view.tsx';
import { Notice } from '../states.tsx';

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
const isProgram = (mode: number): boolean => (mode & 0o111) !== 0;

/** The permissions that a write sets, where they are other than they were, or than those of a new plain file. */
function Mode({ whole }: { readonly whole: NonNullable<CallDifference['whole']> }): ReactNode {
  const { before, after } = whole;
  if (after.mode === (before?.mode ?? 0o644)) return null;
  const becomes = isProgram(after.mode) && !isProgram(before?.mode ?? 0);
  return (
    <p className={becomes ? 'text-sm font-medium text-ask' : 'text-sm text-ink-2'}>
      {before === null ? `Mode ${octal(after.mode)}` : `Mode ${octal(before.mode)} becomes ${octal(after.mode)}`}
      {becomes && ': it can be started as a program'}
    </p>
  );
}

/** What is not shown of a long text, to the byte, and what a yes to it is for. */
function Rest({ diff, whole }: { readonly diff: CallDifference; readonly whole: NonNullable<CallDifference['whole']> }): ReactNode {
  const said = notShown({ text: diff.before, bytes: whole.before?.bytes ?? null }, { text: diff.after, bytes: whole.after.bytes });
  if (said === null) return null;
  return (
    <Notice tone="ask">
      {said} Allowing it allows the whole file, SHA-256 <span className="machine break-all">{whole.after.sha256}</span>.
    </Notice>
  );
}

/** The change that a call would make to a file. */
export function CallDifferenceView({ diff }: { readonly diff: CallDifference }): ReactNode {
  const { whole } = diff;
  return (
    <>
      <CodeBlock text={diff.path} label="File" className="font-medium" />
      {whole !== null && <Mode whole={whole} />}
      {whole !== null && diff.is_text && <Rest diff={diff} whole={whole} />}
      {!diff.is_text && <Notice tone="ask">What is there now is not text, so it cannot be shown.</Notice>}
      <DiffView before={diff.before} after={diff.after} />
    </>
  );
}
