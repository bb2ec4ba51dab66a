import { z } from 'zod';
import { encodeForDisplay } from '../../../shared/display-encoder.ts';
import { AppError } from '../../../shared/errors.ts';
import type { JsonValue } from '../../../shared/json.ts';
import type { Posted } from '../ports/http-poster.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Bytes of an answer. */
export const maxAnswerBytes = 65_536;

const Answer = z.discriminatedUnion('approved', [
  z.strictObject({ approved: z.literal(true) }),
  z.strictObject({ approved: z.literal(false), reason: z.string().max(2000).optional() }),
]);

/** `none`: what came is neither a yes nor a no, so that the request goes on waiting until its time is over (F47). */
export type WebhookAnswer =
  { readonly kind: 'approved' } | { readonly kind: 'denied'; readonly reason: string } | { readonly kind: 'none'; readonly why: string };

const none = (why: string): WebhookAnswer => ({ kind: 'none', why });

/** SECURITY: only this exact form is a yes; everything else is no decision (THREATS rule 6). */
export function readWebhookAnswer(answer: Extract<Posted, { kind: 'answer' }>): WebhookAnswer {
  if (answer.status !== 200) return none(`it answered with status ${answer.status.toString()}`);
  if (answer.contentEncoding !== null && answer.contentEncoding.toLowerCase() !== 'identity') return none('its answer is compressed');
  if (!/^application\/json[ \t]*(;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i.test(answer.contentType ?? ''))
    return none('its answer is not application/json');
  const value = parsed(answer.body);
  if (value === undefined) return none('its answer is not strict JSON');
  const found = Answer.safeParse(value);
  if (!found.success) return none('its answer is neither {"approved": true} nor {"approved": false, "reason": "…"}');
  if (found.data.approved) return { kind: 'approved' };
  const reason = encodeForDisplay(found.data.reason ?? '').trim();
  return { kind: 'denied', reason: reason === '' ? 'The approval webhook denied it and gave no reason.' : reason };
}

function parsed(body: Uint8Array): JsonValue | undefined {
  try {
    return parseStrictJson(body, { maxBytes: maxAnswerBytes, maxDepth: 4, maxNodes: 16 });
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
