import { createHmac } from 'node:crypto';
import type { Approval } from '../../../shared/domain/approval.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { redactArguments } from '../secrets/redact.ts';

/** What the receiver is told besides the call itself. */
export interface Origin {
  /** Whose agent asks. */
  readonly user: string;
  readonly gatewayId: string;
}

/**
 * The body of the source document's webhook: its six fields, and, only for a target that has any, its metadata (F44, F48). Secrets in the
 * arguments are replaced.
 */
export function webhookBody(
  approval: Pick<Approval, 'tool' | 'arguments' | 'target' | 'risk'>,
  { user, gatewayId }: Origin,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const body: JsonObject = {
    tool: approval.tool,
    args: redactArguments(approval.arguments),
    target: approval.target,
    user,
    risk_level: approval.risk.toUpperCase(),
    gateway_id: gatewayId,
  };
  return Buffer.from(JSON.stringify(Object.keys(metadata).length === 0 ? body : { ...body, target_metadata: metadata }), 'utf8');
}

export interface Signed {
  readonly id: string;
  readonly digest: string;
  readonly nonce: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly secret: string;
}

/** HMAC-SHA256 in hexadecimal over `timestamp.nonce.body`, byte for byte. */
export function signatureOf(secret: string, timestamp: number, nonce: string, body: Uint8Array): string {
  return createHmac('sha256', secret).update(`${timestamp.toString()}.${nonce}.`, 'utf8').update(body).digest('hex');
}

export function webhookHeaders(body: Uint8Array, { id, digest, nonce, expiresAt, timestamp, secret }: Signed): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': 'Gatehouse',
    'Gatehouse-Request-Id': id,
    'Gatehouse-Approval-Digest': digest,
    'Gatehouse-Nonce': nonce,
    'Gatehouse-Expires': expiresAt,
    'Gatehouse-Timestamp': timestamp.toString(),
    'Gatehouse-Signature': `v1=${signatureOf(secret, timestamp, nonce, body)}`,
  };
}
