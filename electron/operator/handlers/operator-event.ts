import type { AuditEventType, NewAuditEvent } from '../../../shared/domain/audit.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { Store } from '../../core/ports/store.ts';

/** An event that the operator caused and that belongs to no call. */
export function operatorEvent(type: AuditEventType, data: JsonObject): NewAuditEvent {
  return { type, actor: 'operator', agent: null, token_id: null, task_id: null, call_id: null, data };
}

/** Writes one event, durably. Errors: `unavailable`; then what it speaks of must not happen. */
export async function recordEvent(store: Pick<Store, 'commit'>, event: NewAuditEvent): Promise<void> {
  const result = await store.commit({ events: [event], changes: [] });
  if (!result.ok) throw new AppError('unavailable', 'The log did not take the record of this change, so nothing was changed.');
}
