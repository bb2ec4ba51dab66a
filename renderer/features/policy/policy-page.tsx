import { useMemo, type ReactNode } from 'react';
import type { PolicyStatus } from '../../../shared/domain/policy.ts';
import { counted } from '../../lib/format.ts';
import { useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import { NumberedCode } from '../../ui/code-block.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Page } from '../../ui/page.tsx';
import { HeldPolicy } from './held-policy.tsx';
import { ErrorState, Loading, Notice } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

const states: Record<PolicyStatus['state'], { readonly tone: Tone; readonly word: string; readonly means: string | null }> = {
  active: { tone: 'allow', word: 'In force', means: null },
  last_good: {
    tone: 'ask',
    word: 'Older version in force',
    means: 'The file has mistakes, so the last good version stays in force. Mend the lines below and save; it is read again at once.',
  },
  deny_all: {
    tone: 'deny',
    word: 'Everything is denied',
    means: 'No policy could be loaded, so every call is denied. Mend the file and save; it is read again at once.',
  },
};

function problemsByLine(status: PolicyStatus): ReadonlyMap<number, string> {
  const lines = new Map<number, string>();
  for (const { line, path, message } of status.problems) {
    if (line !== null) lines.set(line, [lines.get(line), `${path}: ${message}`].filter(Boolean).join(' '));
  }
  return lines;
}

/** The policy as it is on disk, what of it is in force, and what is wrong with it, line by line. */
export function PolicyPage(): ReactNode {
  const answer = useOperation('policy.get', {});
  const now = useNow(10_000);
  const status = answer.data?.status;
  const marked = useMemo(() => (status === undefined ? new Map<number, string>() : problemsByLine(status)), [status]);
  const state = status === undefined ? null : states[status.state];
  return (
    <Page
      title="Policy"
      note={
        status !== undefined && (
          <>
            {counted(status.rules, 'rule')}, version <span className="machine text-sm">{status.version}</span>, loaded{' '}
            <Time iso={status.loaded_at} now={now} />
          </>
        )
      }
      actions={state !== null && <Badge tone={state.tone}>{state.word}</Badge>}
      scroll
    >
      {answer.isPending && <Loading what="the policy" />}
      {answer.isError && <ErrorState error={answer.error} retry={() => void answer.refetch()} />}
      {answer.isSuccess && (
        <div className="flex flex-col gap-3 px-6 pb-6">
          {state?.means !== undefined && state.means !== null && (
            <Notice tone={answer.data.status.state === 'deny_all' ? 'deny' : 'ask'}>{state.means}</Notice>
          )}
          {answer.data.status.problems
            .filter((problem) => problem.line === null)
            .map((problem, index) => (
              <Notice key={index} tone="deny">
                <Untrusted text={`${problem.path}: ${problem.message}`} />
              </Notice>
            ))}
          {answer.data.held !== null && <HeldPolicy inForce={answer.data.text} held={answer.data.held} />}
          <div className="flex items-center gap-2 text-ink-2">
            <Untrusted text={answer.data.status.file} mono className="min-w-0 truncate text-sm" />
            <CopyButton text={answer.data.status.file} label="Copy path" />
            <span className="flex-1" />
            <span className="text-ink-3">Edit it in your editor. The strictest matching rule wins.</span>
          </div>
          <div className="rounded-md bg-surface py-2 shadow-[inset_0_0_0_1px_var(--color-hairline)]">
            <NumberedCode text={answer.data.text} marked={marked} />
          </div>
        </div>
      )}
    </Page>
  );
}
