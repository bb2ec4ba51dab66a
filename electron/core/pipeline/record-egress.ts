import type { NewAuditEvent } from '../../../shared/domain/audit.ts';
import type { CallRecord } from '../../../shared/domain/call.ts';
import type { EgressEvent } from '../ports/egress.ts';
import type { PipelineDeps } from './call-context.ts';

/** One connection that a command made or tried to make. When it cannot be recorded, no further call is taken until it is. */
export function recordEgress({ store, gate, bus }: PipelineDeps, call: CallRecord, event: EgressEvent): void {
  const { host, port, address, refusal, intercepted, request, bytesUp, bytesDown } = event;
  const entry: NewAuditEvent = {
    type: refusal === null ? 'egress.connected' : 'egress.refused',
    actor: 'agent',
    agent: call.agent,
    token_id: call.token_id,
    task_id: call.task_id,
    call_id: call.id,
    data: {
      host,
      port,
      address,
      refusal,
      intercepted,
      method: request?.method ?? null,
      path_length: request?.pathLength ?? null,
      bytes_up: bytesUp,
      bytes_down: bytesDown,
    },
  };
  const unit = { events: [entry], changes: [] };
  store.commit(unit).then(
    () => bus.changed('audit'),
    () => gate.closeOver(unit, 'A connection of a command could not be recorded. Free disk space or repair the data directory.'),
  );
}
