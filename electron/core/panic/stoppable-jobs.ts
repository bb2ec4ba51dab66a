import { AppError } from '../../../shared/errors.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Panic } from './panic.ts';

/** SECURITY: a call that was about to start a job when everything was stopped leaves none behind. */
export function stoppableJobs(jobs: Jobs, isStopped: () => ReturnType<Panic['since']>): Jobs {
  return {
    ...jobs,
    async start(job) {
      if (isStopped() !== null) throw new AppError('unavailable', 'everything was stopped');
      return await jobs.start(job);
    },
  };
}
