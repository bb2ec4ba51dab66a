import { Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { CallId } from '../../../shared/domain/identity.ts';
import { useCommand, useOperation } from '../../lib/operations.ts';
import { Button } from '../../ui/button.tsx';
import { Fact, Facts, Section } from '../../ui/inspector.tsx';
import { jobState } from '../../ui/job-list.tsx';
import { Notice } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { Untrusted } from '../../ui/untrusted.tsx';
import { LiveOutput } from './live-output.tsx';

/** The job that a call left running: it goes on after the call has ended. Nothing when it left none. */
export function CallJob({ call, now }: { readonly call: CallId; readonly now: number }): ReactNode {
  const list = useOperation('jobs.list', {});
  const stop = useCommand('jobs.stop');
  const job = list.data?.jobs.find(({ call_id }) => call_id === call);
  if (job === undefined) return null;
  return (
    <Section title="Background job">
      <div className="flex flex-col gap-3">
        <Facts>
          <Fact name="Job">
            <span className="machine">{job.id}</span>
          </Fact>
          <Fact name="State">
            <Untrusted text={jobState(job)} />
          </Fact>
          <Fact name="Since">
            <Time iso={job.started_at} now={now} />
          </Fact>
        </Facts>
        {job.state === 'running' && (
          <>
            <LiveOutput call={call} />
            <Button
              tone="danger"
              className="self-start"
              disabled={stop.isPending}
              onClick={() => stop.mutate({ id: job.id })}
              icon={<Square size={12} aria-hidden="true" />}
            >
              Stop the job
            </Button>
          </>
        )}
        {stop.isError && <Notice tone="deny">{stop.error.message}</Notice>}
      </div>
    </Section>
  );
}
