import { z } from 'zod';
import { TokenId } from '../../shared/domain/identity.ts';

const Challenge = z.strictObject({ token_id: TokenId, nonce: z.string().regex(/^[A-Za-z0-9_-]{22,128}$/) });

/**
 * Shows a client that it talks to the gateway which minted its token, before it sends the token: HMAC-SHA-256 over
 * `gatehouse-proof-v1\n<port>\n<token id>\n<nonce>`, keyed with SHA-256 of the bearer token, which only the two know.
 * Null for an unknown token or a malformed challenge. SECURITY: the hash is not a credential; it opens nothing.
 */
export function proofFor(body: unknown, port: number, prove: (id: TokenId, message: string) => string | null): string | null {
  const challenge = Challenge.safeParse(body);
  if (!challenge.success) return null;
  return prove(challenge.data.token_id, `gatehouse-proof-v1\n${port.toString()}\n${challenge.data.token_id}\n${challenge.data.nonce}`);
}
