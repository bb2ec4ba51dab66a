import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { counted } from '../../lib/format.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { JobList } from '../../ui/job-list.tsx';
import { Notice } from '../../ui/states.tsx';

/** Background jobs above the calls: closed until asked for. Nothing is shown when there were none. */
export function JobsPanel({ now }: { readonly now: number }): ReactNode {
  const list = useOperation('jobs.list', {});
  const stop = useCommand('jobs.stop');
  const [isOpen, setIsOpen] = useState(false);
  const jobs = list.data?.jobs ?? [];
  if (jobs.length === 0) return null;
  const running = jobs.filter(({ state }) => state === 'running').length;
  return (
    <section className="border-b border-hairline px-6 pb-1" aria-label="Background jobs">
      <button type="button" className="flex h-8 items-center gap-1.5 font-medium" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <ChevronRight size={14} aria-hidden="true" className={isOpen ? 'rotate-90' : ''} />
        {counted(jobs.length, 'background job')}
        <span className="font-normal text-ink-3">{running === 0 ? 'none runs' : `${running} running`}</span>
      </button>
      {isOpen && (
        <div className="max-h-56 overflow-y-auto" tabIndex={0} role="region" aria-label="List of background jobs">
          <JobList jobs={jobs} now={now} isBusy={stop.isPending} onStop={(id) => stop.mutate({ id })} />
        </div>
      )}
      {stop.isError && <Notice tone="deny">{stop.error.message}</Notice>}
    </section>
  );
}
