import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { Job } from '../../../shared/domain/job.ts';
import type { Digest, TokenId } from '../../../shared/domain/identity.ts';
import { auditedArguments } from '../pipeline/audited-arguments.ts';

/** The log's word on a job; of one that has ended, with the hash of its recording. */
export function jobEvent(
  type: 'job.started' | 'job.finished',
  { token }: { readonly token: TokenId },
  job: Job,
  recording?: Digest | null,
): NewAuditEvent {
  const { id, task_id, call_id, agent, command, state, exit_code, reason } = job;
  const data = {
    job_id: id,
    ...auditedArguments({ command }),
    state,
    exit_code,
    reason,
    ...(recording === undefined ? {} : { recording_sha256: recording }),
  };
  return { type, actor: type === 'job.started' ? 'agent' : 'gateway', agent, token_id: token, task_id, call_id, data };
}
