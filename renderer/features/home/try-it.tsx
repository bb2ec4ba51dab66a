import { Check, Circle, CircleDot, CircleX } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/code-block.tsx';
import { cx } from '../../ui/cx.ts';
import { PageLink } from '../../ui/page-link.tsx';
import { PageSection } from '../../ui/page.tsx';
import { Notice } from '../../ui/states.tsx';
import { tryoutSteps, type TryoutStep } from './tryout-progress.ts';

const icons = { done: Check, now: CircleDot, next: Circle, failed: CircleX } as const;
const tints = { done: 'text-allow', now: 'text-accent', next: 'text-ink-3', failed: 'text-deny' } as const;
const words = { done: 'done', now: 'in progress', next: 'still to come', failed: 'not done' } as const;

function Step({ step }: { readonly step: TryoutStep }): ReactNode {
  const Icon = icons[step.state];
  return (
    <li className="flex min-w-0 flex-1 gap-2">
      <Icon size={16} className={cx('mt-0.5 shrink-0', tints[step.state])} role="img" aria-label={words[step.state]} />
      <div className="min-w-0">
        <p className={cx('font-medium', step.state === 'next' && 'text-ink-3')}>{step.title}</p>
        <p className="text-sm text-ink-3">{step.detail}</p>
      </div>
    </li>
  );
}

/** A built-in harmless call through the real gateway, followed step by step. */
export function TryIt({ isFirst }: { readonly isFirst: boolean }): ReactNode {
  const run = useCommand('tryout.run');
  const [startedAt, setStartedAt] = useState<string | null>(null);
  const watching = startedAt !== null;
  const requests = useOperation(
    'approvals.list',
    { state: 'all', limit: 50 },
    { enabled: watching, refetchInterval: run.isPending ? 1000 : false },
  );
  const id = run.data?.call_id ?? null;
  const calls = useOperation('calls.list', { limit: 50 }, { enabled: watching && id !== null });
  const call = calls.data?.calls.find((one) => one.id === id) ?? null;
  const approval =
    requests.data?.approvals
      .filter((one) => (id === null ? startedAt !== null && one.created_at >= startedAt : one.call_id === id))
      .at(-1) ?? null;
  const steps = tryoutSteps({ approval, call, isRunning: run.isPending, outcome: run.data?.outcome ?? null });
  const start = (): void => {
    setStartedAt(new Date().toISOString());
    run.mutate({});
  };
  return (
    <PageSection
      title="Try it"
      note="A harmless command, through everything a real one meets."
      actions={
        <Button tone={isFirst && !watching ? 'primary' : 'plain'} disabled={run.isPending} onClick={start}>
          {run.isPending ? 'Running' : watching ? 'Try it again' : 'Try it'}
        </Button>
      }
    >
      {watching && (
        <div className="flex flex-col gap-3" aria-live="polite">
          <ol className="flex gap-4 max-[1100px]:flex-col max-[1100px]:gap-2">
            {steps.map((step) => (
              <Step key={step.title} step={step} />
            ))}
          </ol>
          {run.isError && <Notice tone="deny">{run.error.message}</Notice>}
          {run.data !== undefined && (
            <div className="flex flex-col gap-2 rounded-md bg-sunken px-3 py-2">
              <CodeBlock text={run.data.text} />
              {id !== null && (
                <p className="flex gap-4">
                  <PageLink to={`/audit?call=${id}`}>Its rows in the audit log</PageLink>
                  <PageLink to={`/activity?call=${id}`}>The call</PageLink>
                </p>
              )}
            </div>
          )}
        </div>
      )}
    </PageSection>
  );
}
