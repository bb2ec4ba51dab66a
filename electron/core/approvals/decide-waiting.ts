import type { ApprovalDecision } from '../../../shared/domain/approval.ts';
import type { ApprovalId, TokenId } from '../../../shared/domain/identity.ts';
import { AppError } from '../../../shared/errors.ts';
import type { ChangeBus } from '../change-bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { sideOf, whyNotCounted } from './decider-rules.ts';
import { callEvent, settleApproval } from './settle-approval.ts';
import type { DecidedApproval, DecideRequest, Decision, Waiting } from './waiting-requests.ts';

export interface DecideDeps {
  readonly store: Pick<Store, 'approval' | 'commit'>;
  readonly clock: Clock;
  readonly bus: ChangeBus;
  readonly isTokenActive: (id: TokenId) => boolean;
  readonly isWaiting: (id: ApprovalId) => boolean;
  readonly lapse: (entry: Waiting, result: 'expired', reason: string) => Promise<void>;
  readonly finish: (entry: Waiting, decision: Decision) => void;
}

/** Why a request that does not wait cannot be decided. */
export async function notWaiting(store: Pick<Store, 'approval'>, id: ApprovalId): Promise<AppError> {
  const stored = await store.approval(id);
  if (stored === null) return new AppError('not_found', `No approval request has the id ${id}.`);
  if (stored.state === 'expired')
    return new AppError(
      'expired',
      'The request has expired and its call was denied. A yes for the agent’s next try: gatehouse approvals pregrant.',
    );
  return new AppError('conflict', `The request is not pending: it is ${stored.state}.`);
}

export const wrongDigest = (): AppError =>
  new AppError('conflict', 'The digest is not the one of this request. Look at the request again and decide on what it shows now.');

/** One answer to a request that waits; called in the request's turn. Errors as `ApprovalBroker.decide`. */
export async function decideWaiting(deps: DecideDeps, entry: Waiting, request: DecideRequest): Promise<DecidedApproval> {
  const { id, digest, result, channel, reason, by = channel === 'gateway' ? 'gateway' : 'operator' } = request;
  if (!deps.isWaiting(id)) throw await notWaiting(deps.store, id);
  const mayLeaveOut = result === 'denied' && sideOf(channel) !== 'outside';
  if (digest !== entry.approval.digest && !(mayLeaveOut && digest === undefined)) throw wrongDigest();
  if (isOverdue(deps, entry)) {
    await deps.lapse(entry, 'expired', 'Nobody answered in time.');
    throw await notWaiting(deps.store, id);
  }
  const why = whyNotCounted(entry.mode, channel, result);
  if (why !== null) throw new AppError('conflict', why);
  if (result === 'approved' && !deps.isTokenActive(entry.call.token_id))
    throw new AppError('conflict', 'The agent’s token has ended; the call can no longer be approved.');

  const decision: ApprovalDecision = { result, by, channel, at: new Date(deps.clock.now()).toISOString(), reason };
  const decided = { id, digest: entry.approval.digest };
  if (result === 'approved' && (await endorse(deps, entry, decision))) return { ...decided, state: 'pending' };
  if (!(await settleApproval(deps.store, entry, decision))) throw await notWaiting(deps.store, id);
  deps.finish(entry, result === 'approved' ? { result, approval: decided } : { result, approval: { id }, reason });
  return { ...decided, state: result };
}

function isOverdue({ clock }: DecideDeps, entry: Waiting): boolean {
  // SECURITY: both clocks must agree that there is time left, so that neither can be turned back to keep a request alive.
  return clock.monotonic() >= entry.deadline || clock.now() >= Date.parse(entry.approval.expires_at);
}

/** Keeps the first of two yeses that are needed; false when no other is missing. Half a yes is an event and not a decision. */
async function endorse(deps: DecideDeps, entry: Waiting, { by, channel, at, reason }: ApprovalDecision): Promise<boolean> {
  const side = sideOf(channel);
  if (entry.mode !== 'both-required' || side === null) return false;
  if (entry.endorsed.has(side))
    throw new AppError(
      'conflict',
      `This side has already said yes; the ${side === 'operator' ? 'yes from outside' : 'operator’s yes'} is missing.`,
    );
  if (entry.endorsed.size > 0) return false;
  const { approval, call } = entry;
  const data = { approval_id: approval.id, digest: approval.digest, channel, by, reason };
  await deps.store.commit({ events: [callEvent('approval.endorsed', call, 'operator', data)], changes: [] });
  entry.endorse(side, { channel, by, at });
  deps.bus.changed('approvals');
  return true;
}
