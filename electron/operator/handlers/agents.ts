import type { AgentToken, TokenId } from '../../../shared/domain/identity.ts';
import type { TokenService } from '../../core/identity/token-service.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { HandlersOf } from '../handler.ts';

export interface AgentHandlerDeps {
  readonly tokens: Pick<TokenService, 'list' | 'mint' | 'revoke' | 'rotate'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether an agent holds a connection or a session with this token. */
  readonly isConnected: (id: TokenId) => boolean;
}

/** The agents' tokens. A token itself leaves here once, when it is minted. */
export function createAgentHandlers(deps: AgentHandlerDeps): HandlersOf<'tokens.list' | 'tokens.mint' | 'tokens.revoke' | 'tokens.rotate'> {
  const { tokens } = deps;
  return {
    'tokens.list': async () => ({
      tokens: tokens.list().map((token) => ({ ...token, state: stateOf(token, deps.clock.now()), connected: deps.isConnected(token.id) })),
    }),
    'tokens.mint': async (input) => tokens.mint(input),
    'tokens.revoke': async ({ id }) => tokens.revoke(id),
    'tokens.rotate': async ({ id }) => tokens.rotate(id),
  };
}

function stateOf(token: AgentToken, now: number): 'active' | 'expired' | 'revoked' {
  if (token.revoked_at !== null) return 'revoked';
  // SECURITY: an expiry that cannot be read is one that has passed.
  return Date.parse(token.expires_at) > now ? 'active' : 'expired';
}
