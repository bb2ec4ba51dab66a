import { Square } from 'lucide-react';
import type { ReactNode } from 'react';
import { count, duration } from '../../lib/format.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { Button } from '../../ui/button.tsx';
import { CallLine } from '../../ui/call-line.tsx';
import { PageLink } from '../../ui/page-link.tsx';
import { PageSection } from '../../ui/page.tsx';
import { Notice } from '../../ui/states.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';

/** What runs now, each with a way to stop it. Nothing is shown when nothing runs. */
export function Running(): ReactNode {
  const list = useOperation('calls.list', { states: ['running'], limit: 50 });
  const stop = useCommand('calls.stop');
  const now = useNow(1000);
  const calls = list.data?.calls ?? [];
  if (calls.length === 0) return null;
  return (
    <PageSection title="Running" note={count(calls.length)}>
      <ul className="max-w-[760px]">
        {calls.map((call) => (
          <li key={call.id} className="flex min-h-10 items-center gap-3 border-t border-hairline first:border-t-0">
            <PageLink to={`/activity?call=${call.id}`} className="w-28 shrink-0 truncate text-ink">
              <Untrusted text={call.agent} />
            </PageLink>
            <span className="min-w-0 flex-1 truncate">
              <CallLine tool={call.tool} args={call.arguments} />
            </span>
            <span className="text-ink-2 tabular-nums">{call.started_at === null ? '' : duration(now - Date.parse(call.started_at))}</span>
            <Button
              size="small"
              tone="danger"
              aria-label={`Stop ${call.tool} of ${call.agent}`}
              disabled={stop.isPending}
              onClick={() => stop.mutate({ id: call.id })}
              icon={<Square size={12} aria-hidden="true" />}
            >
              Stop
            </Button>
          </li>
        ))}
      </ul>
      {stop.isError && <Notice tone="deny">{stop.error.message}</Notice>}
    </PageSection>
  );
}
