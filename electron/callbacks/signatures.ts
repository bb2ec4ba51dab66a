import { createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';

/** A signed callback may be this many seconds old, or ahead of our clock. */
export const toleranceSeconds = 300;

/** Why a timestamp header is no good; null when it is. Unix seconds, digits only. */
export function timestampProblem(header: string | undefined, nowMs: number): string | null {
  if (header === undefined || !/^[0-9]{1,12}$/.test(header)) return 'There is no readable timestamp.';
  const off = Math.abs(Math.floor(nowMs / 1000) - Number(header));
  // SECURITY: NaN compares false, so this is asked the way round in which it refuses.
  return off <= toleranceSeconds ? null : 'The timestamp is more than five minutes off.';
}

/** Slack, version v0: HMAC-SHA256 over `v0:timestamp:raw body`. Source: docs.slack.dev, Verifying requests from Slack. */
export function isSlackSignature(signature: string | undefined, timestamp: string, body: Uint8Array, secret: string): boolean {
  const given = /^v0=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  if (given === undefined) return false;
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`, 'utf8').update(body).digest();
  return timingSafeEqual(Buffer.from(given, 'hex'), expected);
}

/** Discord: Ed25519 over `timestamp` and the raw body. Source: docs.discord.com, Interactions. */
export function isDiscordSignature(signature: string | undefined, timestamp: string, body: Uint8Array, publicKey: string): boolean {
  if (!/^[0-9a-f]{128}$/i.test(signature ?? '')) return false;
  const key = ed25519Key(publicKey);
  return key !== null && verify(null, Buffer.concat([Buffer.from(timestamp, 'utf8'), body]), key, Buffer.from(signature ?? '', 'hex'));
}

/** The DER header of an Ed25519 public key (RFC 8410); its 32 bytes follow. */
const spkiHeader = Buffer.from('302a300506032b6570032100', 'hex');

function ed25519Key(hex: string): KeyObject | null {
  if (!/^[0-9a-f]{64}$/.test(hex)) return null;
  try {
    return createPublicKey({ key: Buffer.concat([spkiHeader, Buffer.from(hex, 'hex')]), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}
