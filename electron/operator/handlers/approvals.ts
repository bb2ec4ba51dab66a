import { AppError } from '../../../shared/errors.ts';
import type { CallId } from '../../../shared/domain/identity.ts';
import type { ApprovalBroker } from '../../core/approvals/approval-broker.ts';
import type { Grants } from '../../core/approvals/grants.ts';
import type { LongerDecisions } from '../../core/approvals/longer-decisions.ts';
import type { Store } from '../../core/ports/store.ts';
import type { Caller } from '../caller.ts';
import type { ParsedInputOf, OutputOf } from '../../../shared/contract/contract.ts';
import type { HandlersOf } from '../handler.ts';
import { given } from './given.ts';

export interface ApprovalHandlerDeps {
  readonly broker: Pick<ApprovalBroker, 'list' | 'get' | 'pregrant'>;
  readonly longer: LongerDecisions;
  readonly grants: Pick<Grants, 'list' | 'revoke'>;
  readonly store: Pick<Store, 'calls' | 'call' | 'auditEvents'>;
  /** Ends a waiting or running call; false when it had already ended. */
  readonly stopCall: (id: CallId, channel: Caller['channel']) => Promise<boolean>;
}

type Names =
  | 'approvals.list'
  | 'approvals.get'
  | 'approvals.approve'
  | 'approvals.deny'
  | 'approvals.offers'
  | 'approvals.pregrant'
  | 'grants.list'
  | 'grants.revoke'
  | 'calls.list'
  | 'calls.get'
  | 'calls.stop';

/** Events that one call's page shows; a call has fewer than ten. */
const eventsPerCall = 1000;

/** What waits for the operator, and the calls it came from. */
export function createApprovalHandlers({ broker, longer, grants, store, stopCall }: ApprovalHandlerDeps): HandlersOf<Names> {
  return {
    'approvals.list': async (input) => ({ approvals: [...(await broker.list(input))] }),
    'approvals.get': async ({ id }) => broker.get(id),
    'approvals.approve': async (input, { channel }) => await decide(longer, 'approved', input, channel),
    'approvals.deny': async (input, { channel }) => await decide(longer, 'denied', input, channel),
    'approvals.offers': async ({ id }) => {
      const { offers, ...rest } = await longer.offers(id);
      return { offers: [...offers], ...rest };
    },
    'approvals.pregrant': async ({ id, digest }, { channel }) => broker.pregrant({ id, digest, channel }),

    'grants.list': () => Promise.resolve({ grants: [...grants.list()] }),
    'grants.revoke': async ({ id }, { channel }) => await grants.revoke(id, channel),

    'calls.list': async (input) => ({ calls: [...(await store.calls(given(input)))] }),
    'calls.get': async ({ id }) => {
      const call = await store.call(id);
      if (call === null) throw new AppError('not_found', `There is no call ${id}.`);
      return { call, events: [...(await store.auditEvents({ call_id: id, after_seq: 0, limit: eventsPerCall }))] };
    },
    'calls.stop': async ({ id }, { channel }) => ({ id, stopped: await stopCall(id, channel) }),
  };
}

async function decide(
  longer: LongerDecisions,
  result: 'approved' | 'denied',
  { id, digest, reason, duration, breadth, hash }: ParsedInputOf<'approvals.approve' | 'approvals.deny'>,
  channel: Caller['channel'],
): Promise<OutputOf<'approvals.approve'>> {
  const { decided, grant, rule } = await longer.decide({ id, digest, result, channel, reason }, { duration, breadth, hash });
  return { ...decided, grant, rule };
}
