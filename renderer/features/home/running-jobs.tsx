import type { ReactNode } from 'react';
import { count } from '../../lib/format.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { useNow } from '../../lib/use-now.ts';
import { JobList } from '../../ui/job-list.tsx';
import { PageSection } from '../../ui/page.tsx';
import { Notice } from '../../ui/states.tsx';

/** Commands that agents left running in the background. Nothing is shown when there is none. */
export function RunningJobs(): ReactNode {
  const list = useOperation('jobs.list', {});
  const stop = useCommand('jobs.stop');
  const now = useNow(1000);
  const jobs = (list.data?.jobs ?? []).filter(({ state }) => state === 'running');
  if (jobs.length === 0) return null;
  return (
    <PageSection title="Running in the background" note={count(jobs.length)}>
      <div className="max-w-[760px]">
        <JobList jobs={jobs} now={now} isBusy={stop.isPending} onStop={(id) => stop.mutate({ id })} />
      </div>
      {stop.isError && <Notice tone="deny">{stop.error.message}</Notice>}
    </PageSection>
  );
}
