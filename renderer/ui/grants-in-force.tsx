import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { count, counted } from '../lib/format.ts';
import { grantEnd } from '../lib/grant-words.ts';
import { useCommand, useOperation } from '../lib/operations.ts';
import { useNow } from '../lib/use-now.ts';
import { Button } from './button.tsx';
import { PageSection } from './page.tsx';
import { ErrorState, Notice } from './states.tsx';
import { Untrusted } from './untrusted.tsx';
import { VerdictMark } from './verdict-mark.tsx';

/** Decisions that still count, each with its end and a way to end it now. Nothing is shown when there are none. */
export function GrantsInForce(): ReactNode {
  // A grant ends by its time, too; a change of the topic says so, the interval is for when that was missed.
  const list = useOperation('grants.list', {}, { refetchInterval: 15_000 });
  const revoke = useCommand('grants.revoke');
  const now = useNow(1000);
  if (list.isError) return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  const grants = list.data?.grants ?? [];
  if (grants.length === 0) return null;
  return (
    <PageSection title="In force" note={count(grants.length)}>
      <ul aria-label="Decisions in force" className="max-w-[760px]">
        {grants.map((grant) => (
          <li key={grant.id} className="flex min-h-10 items-center gap-3 border-t border-hairline py-1 first:border-t-0">
            <span className="w-16 shrink-0">
              <VerdictMark effect={grant.effect} />
            </span>
            <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
              <Untrusted text={grant.sentence} />
              {grant.call_digest !== null && <span className="text-ink-3"> Only the exact call.</span>}
            </span>
            <span className="shrink-0 text-ink-2 tabular-nums">{grantEnd(grant, now)}</span>
            <span className="w-14 shrink-0 text-right text-ink-3 tabular-nums">{counted(grant.uses, 'use')}</span>
            <Button
              size="small"
              tone="danger"
              aria-label={`End: ${grant.sentence}`}
              disabled={revoke.isPending}
              onClick={() => revoke.mutate({ id: grant.id })}
              icon={<X size={12} aria-hidden="true" />}
            >
              End
            </Button>
          </li>
        ))}
      </ul>
      {revoke.isError && (
        <Notice tone="deny">
          <Untrusted text={revoke.error.message} />
        </Notice>
      )}
    </PageSection>
  );
}
