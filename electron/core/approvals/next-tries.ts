import type { Approval } from '../../../shared/domain/approval.ts';
import type { ApprovalId, TokenId } from '../../../shared/domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { AskedCall } from './asked-call.ts';

/** How long a lapsed request can still get a yes for the agent's next try, and how long that yes then lives. Milliseconds. */
const windowMs = 15 * 60_000;

/** The most lapsed requests kept; the oldest go first. */
const maxOffers = 200;

interface Offer {
  readonly approval: Approval;
  readonly call: AskedCall;
  readonly until: { readonly wall: number; readonly monotonic: number };
  readonly isGranted: boolean;
}

/**
 * *Decide for the next try*: agents give up before people answer. A request that lapsed can get a yes that lets the same agent's next
 * identical call through, once. Held in memory only, so that a restart ends it.
 */
export interface NextTries {
  offer(approval: Approval, call: AskedCall): void;
  offered(id: ApprovalId): { readonly approval: Approval; readonly call: AskedCall } | null;
  grant(id: ApprovalId): void;
  /** Spends the grant for this very call, if there is one. */
  take(call: AskedCall): ApprovalId | null;
  ids(): readonly ApprovalId[];
  stateOf(id: ApprovalId): { readonly next_try_until: string | null; readonly next_try_granted: boolean };
  dropToken(token: TokenId): void;
  /** Forgets all of them. */
  clear(): void;
}

export function createNextTries(clock: Clock): NextTries {
  const offers = new Map<ApprovalId, Offer>();

  function limit(): Offer['until'] {
    return { wall: clock.now() + windowMs, monotonic: clock.monotonic() + windowMs };
  }

  function live(id: ApprovalId): Offer | null {
    const offer = offers.get(id);
    if (offer === undefined) return null;
    // SECURITY: both clocks must agree; turning the wall clock back does not lengthen it.
    if (clock.now() < offer.until.wall && clock.monotonic() < offer.until.monotonic) return offer;
    offers.delete(id);
    return null;
  }

  return {
    offer(approval, call) {
      offers.set(approval.id, { approval, call, until: limit(), isGranted: false });
      const oldest = offers.keys().next().value;
      if (offers.size > maxOffers && oldest !== undefined) offers.delete(oldest);
    },

    offered: live,

    grant(id) {
      const offer = live(id);
      if (offer !== null) offers.set(id, { ...offer, until: limit(), isGranted: true });
    },

    take(call) {
      for (const id of [...offers.keys()]) {
        const offer = live(id);
        if (
          offer?.isGranted === true &&
          offer.call.agent === call.agent &&
          offer.call.token_id === call.token_id &&
          offer.call.digest === call.digest
        ) {
          offers.delete(id);
          return id;
        }
      }
      return null;
    },

    ids: () => [...offers.keys()].filter((id) => live(id) !== null),

    stateOf(id) {
      const offer = live(id);
      return {
        next_try_until: offer === null ? null : new Date(offer.until.wall).toISOString(),
        next_try_granted: offer?.isGranted ?? false,
      };
    },

    dropToken(token) {
      for (const [id, offer] of offers) if (offer.call.token_id === token) offers.delete(id);
    },

    clear: () => offers.clear(),
  };
}
