import { Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Job } from '../../shared/domain/job.ts';
import { duration } from '../lib/format.ts';
import { Button } from './button.tsx';
import { cx } from './cx.ts';
import { PageLink } from './page-link.tsx';
import { Untrusted } from './untrusted.tsx';

/** How a job stands, in words. */
export function jobState({ state, exit_code, reason }: Job): string {
  if (state === 'running') return 'running';
  if (state === 'stopped') return reason === null ? 'stopped' : `stopped: ${reason}`;
  return exit_code === null ? 'ended' : `exit code ${exit_code}`;
}

const lasted = (job: Job, now: number): string =>
  duration((job.ended_at === null ? now : Date.parse(job.ended_at)) - Date.parse(job.started_at));

/** Commands that agents left running, each with a way to its call and a way to stop it. */
export function JobList({
  jobs,
  now,
  onStop,
  isBusy,
}: {
  readonly jobs: readonly Job[];
  readonly now: number;
  readonly onStop: (id: Job['id']) => void;
  readonly isBusy: boolean;
}): ReactNode {
  return (
    <ul aria-label="Jobs">
      {jobs.map((job) => (
        <li key={job.id} className="flex min-h-10 items-center gap-3 border-t border-hairline first:border-t-0">
          <PageLink to={`/activity?call=${job.call_id}`} className="w-28 shrink-0 truncate text-ink">
            <Untrusted text={job.agent} />
          </PageLink>
          <span className="min-w-0 flex-1 truncate" title={job.command}>
            <Untrusted text={job.command} mono className="text-sm" />
          </span>
          <span
            className={cx('max-w-64 truncate text-sm', job.exit_code !== null && job.exit_code !== 0 ? 'text-deny' : 'text-ink-3')}
            title={jobState(job)}
          >
            <Untrusted text={jobState(job)} />
          </span>
          <span className="w-24 text-right text-ink-2 tabular-nums">{lasted(job, now)}</span>
          <span className="flex w-16 justify-end">
            {job.state === 'running' && (
              <Button
                size="small"
                tone="danger"
                aria-label={`Stop the job of ${job.agent}`}
                disabled={isBusy}
                onClick={() => onStop(job.id)}
                icon={<Square size={12} aria-hidden="true" />}
              >
                Stop
              </Button>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
