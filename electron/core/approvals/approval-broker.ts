import type { Approval, ApprovalDecision, ApprovalState, Channel } from '../../../shared/domain/approval.ts';
import type { CallRecord, Verdict } from '../../../shared/domain/call.ts';
import type { ApprovalId, Digest } from '../../../shared/domain/identity.ts';
import type { TokenId } from '../../../shared/domain/identity.ts';

/** What the pipeline gets back. `approved` carries what step 4 consumes; everything else is final for the call. */
export type Decision =
  | { readonly result: 'approved'; readonly approval: { readonly id: ApprovalId; readonly digest: Digest } }
  /** A yes given earlier for this very call (same agent, same call digest); already spent. */
  | { readonly result: 'pregranted'; readonly approval: { readonly id: ApprovalId } }
  | { readonly result: 'denied' | 'expired' | 'cancelled'; readonly approval: { readonly id: ApprovalId }; readonly reason: string }
  /** Not asked: too many requests of this agent are already waiting. */
  | { readonly result: 'refused'; readonly reason: string };

export interface AskOptions {
  /** Aborted when the agent cancels, its token is revoked, or the gateway stops. */
  readonly signal: AbortSignal;
  /** Becomes false when the agent's connection is gone without a cancellation. */
  readonly connection: { isConnected(): boolean; onChange(listener: () => void): () => void };
}

export interface DecideRequest {
  readonly id: ApprovalId;
  /** Must be the stored approval digest; only a denial may leave it out. */
  readonly digest?: Digest | undefined;
  readonly result: 'approved' | 'denied';
  readonly channel: Channel;
  readonly reason: string;
}

/** Puts calls to the operator: bound to the digest, single use, first decision wins (THREATS rules 2 and 3). */
export interface ApprovalBroker {
  /** Ends what a crash or restart left pending or approved. */
  start(): Promise<void>;
  /** Cancels what waits. */
  stop(): Promise<void>;
  ask(call: CallRecord & { readonly digest: Digest }, verdict: Verdict, options: AskOptions): Promise<Decision>;
  /** Errors: `not_found`, `conflict` (wrong digest, not pending, lost race), `expired`. */
  decide(request: DecideRequest): Promise<{ readonly id: ApprovalId; readonly state: ApprovalState; readonly digest: Digest }>;
  /** A single-use yes for the agent's next identical call, after this request ended without one. Errors as `decide`. */
  pregrant(request: { readonly id: ApprovalId; readonly digest: Digest; readonly channel: Channel }): Promise<{ readonly id: ApprovalId; readonly state: ApprovalState; readonly digest: Digest }>;
  list(filter: { readonly state: 'pending' | 'open' | 'all'; readonly limit: number }): Promise<readonly Approval[]>;
  get(id: ApprovalId): Promise<Approval>;
  /** Drops what was granted to a revoked token's agent. */
  revokeToken(token: TokenId): void;
}

export type { ApprovalDecision };
