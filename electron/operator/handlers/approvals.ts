import { AppError } from '../../../shared/errors.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import type { ApprovalBroker } from '../../core/approvals/approval-broker.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Caller } from '../caller.ts';
import type { HandlersOf } from '../handler.ts';
import { given } from './given.ts';

export interface ApprovalHandlerDeps {
  readonly broker: Pick<ApprovalBroker, 'list' | 'get' | 'decide' | 'pregrant'>;
  readonly store: Pick<Store, 'calls' | 'call' | 'auditEvents'>;
  /** Ends a waiting or running call; false when it had already ended. */
  readonly stopCall: (id: CallId, channel: Caller['channel']) => Promise<boolean>;
}

type Names =
  | 'approvals.list'
  | 'approvals.get'
  | 'approvals.approve'
  | 'approvals.deny'
  | 'approvals.pregrant'
  | 'calls.list'
  | 'calls.get'
  | 'calls.stop';

/** Events that one call's page shows; a call has fewer than ten. */
const eventsPerCall = 1000;

/** What waits for the operator, and the calls it came from. */
export function createApprovalHandlers({ broker, store, stopCall }: ApprovalHandlerDeps): HandlersOf<Names> {
  return {
    'approvals.list': async (input) => ({ approvals: [...(await broker.list(input))] }),
    'approvals.get': async ({ id }) => broker.get(id),
    'approvals.approve': async ({ id, digest, reason }, { channel }) => broker.decide({ id, digest, result: 'approved', channel, reason }),
    'approvals.deny': async ({ id, digest, reason }, { channel }) => broker.decide({ id, digest, result: 'denied', channel, reason }),
    'approvals.pregrant': async ({ id, digest }, { channel }) => broker.pregrant({ id, digest, channel }),

    'calls.list': async (input) => ({ calls: [...(await store.calls(given(input)))] }),
    'calls.get': async ({ id }) => {
      const call = await store.call(id);
      if (call === null) throw new AppError('not_found', `There is no call ${id}.`);
      return { call, events: [...(await store.auditEvents({ call_id: id, after_seq: 0, limit: eventsPerCall }))] };
    },
    'calls.stop': async ({ id }, { channel }) => ({ id, stopped: await stopCall(id, channel) }),
  };
}
