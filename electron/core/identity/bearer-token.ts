import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Digest, TokenId } from '../../../shared/domain/identity.ts';
import { randomId } from './random-id.ts';

/** `gth_` + the 16 characters of the token's id + `_` + 32 random bytes in base64url. The id part finds the row; the whole is hashed. */
const form = /^gth_([a-z0-9]{16})_[A-Za-z0-9_-]{43}$/;

export interface NewBearer {
  readonly id: TokenId;
  readonly bearer: string;
  readonly hash: Digest;
}

export function createBearer(): NewBearer {
  const id = randomId('tok', 16) as TokenId;
  const bearer = `gth_${id.slice(4)}_${randomBytes(32).toString('base64url')}`;
  return { id, bearer, hash: bearerHash(bearer) };
}

/** The id that a bearer claims, or null when it does not have the form. Proves nothing. */
export function claimedId(bearer: string): TokenId | null {
  const match = form.exec(bearer);
  return match === null ? null : (`tok_${match[1] ?? ''}` as TokenId);
}

/** SHA-256 is enough here: the token carries 256 random bits, so there is nothing to guess. */
export function bearerHash(bearer: string): Digest {
  return createHash('sha256').update(bearer, 'utf8').digest('hex') as Digest;
}

/** Compares in constant time over the hashes. */
export function isSameHash(a: Digest, b: Digest): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
}
