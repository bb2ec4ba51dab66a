import type { AuditEventType } from '../../../shared/domain/audit.ts';
import type { OutsideChannel } from '../../../shared/domain/deciders.ts';
import type { JsonObject } from '../../../shared/json.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Store } from '../ports/store.ts';
import type { PutRequest } from './approval-broker.ts';
import { callEvent } from './settle-approval.ts';

type Type = Extract<AuditEventType, 'webhook.requested' | 'webhook.answered' | 'webhook.failed'>;

/** Everything that goes to a decider outside and comes back is in the log (F84). */
export interface DeciderEvents {
  /** Errors: `unavailable`; then what it speaks of must not happen. */
  record(type: Type, channel: OutsideChannel, request: Omit<PutRequest, 'ended'>, data: JsonObject): Promise<void>;
  /** The same for a test, which is about no call. */
  recordTest(type: Type, channel: OutsideChannel, data: JsonObject): Promise<void>;
}

export function createDeciderEvents({ store, bus }: { readonly store: Pick<Store, 'commit'>; readonly bus: ChangeBus }): DeciderEvents {
  return {
    async record(type, channel, { approval, call }, data) {
      const named = { approval_id: approval.id, digest: approval.digest, channel, ...data };
      await store.commit({ events: [callEvent(type, call, 'gateway', named)], changes: [] });
      bus.changed('audit');
    },
    async recordTest(type, channel, data) {
      const event = { type, actor: 'operator', agent: null, token_id: null, task_id: null, call_id: null } as const;
      await store.commit({ events: [{ ...event, data: { channel, is_test: true, ...data } }], changes: [] });
      bus.changed('audit');
    },
  };
}
