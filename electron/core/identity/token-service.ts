import type { MintRequest, MintedToken } from '../../../shared/contract/contract.ts';
import type { AgentToken, TokenId } from '../../../shared/domain/identity.ts';

export type Authentication =
  | { readonly ok: true; readonly token: AgentToken }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown' | 'expired' | 'revoked' };

/** Bearer tokens: minted, verified in constant time over hashes, revoked at once. */
export interface TokenService {
  start(): Promise<void>;
  /** Errors: `invalid_input` naming the field. The token itself is returned once and stored nowhere. */
  mint(request: MintRequest): Promise<MintedToken>;
  /** Ends the old token and mints one like it with the same remaining rights and the same lifetime again. */
  rotate(id: TokenId): Promise<MintedToken>;
  revoke(id: TokenId): Promise<{ readonly id: TokenId; readonly revoked_at: string }>;
  list(): readonly AgentToken[];
  /** From the in-memory table only: no disk, no timing that depends on the token. */
  authenticate(bearer: string): Authentication;
  /** Whether a token is good at this instant; asked again right before execution. */
  isActive(id: TokenId): boolean;
  onRevoked(listener: (id: TokenId) => void): () => void;
}
