import { randomBytes } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpPoster, Posted } from '../ports/http-poster.ts';
import type { ApprovalBroker, PutRequest } from './approval-broker.ts';
import type { DeciderConfig, WebhookConfig } from './decider-config.ts';
import type { DeciderEvents } from './decider-events.ts';
import { maxAnswerBytes, readWebhookAnswer, type WebhookAnswer } from './webhook-answer.ts';
import { webhookBody, webhookHeaders, type Origin } from './webhook-message.ts';

export interface WebhookDeciderDeps {
  readonly broker: Pick<ApprovalBroker, 'decide'>;
  readonly config: Pick<DeciderConfig, 'webhook'>;
  readonly poster: HttpPoster;
  readonly events: DeciderEvents;
  readonly clock: Clock;
  readonly origin: () => Origin;
  readonly targetMetadata: (target: string) => Readonly<Record<string, string>>;
}

/** Milliseconds before another attempt, when not a byte went out. Then no more. */
const retryAfterMs = [1000, 4000, 10_000] as const;
/** Milliseconds from the answer's headers to its end. */
const bodyMs = 10_000;

/**
 * Asks the webhook about one request. Its answer is bound by its own exchange: whatever comes back on this connection is about this request
 * and nothing else. The exchange may last as long as the request waits, so that a person can answer on the other side.
 */
export async function askWebhook(deps: WebhookDeciderDeps, request: PutRequest): Promise<void> {
  const found = await deps.config.webhook();
  if (found.state === 'off') return;
  if (found.state === 'broken') return await deps.events.record('webhook.failed', 'webhook', request, { why: found.why });
  const posted = await postUntilSent(deps, request, found.config);
  if (posted.kind !== 'answer') return await deps.events.record('webhook.failed', 'webhook', request, { why: posted.why });
  await take(deps, request, found.config, posted);
}

/** The same id and nonce in each attempt: the receiver can tell that it is one request. */
async function postUntilSent(deps: WebhookDeciderDeps, request: PutRequest, config: WebhookConfig): Promise<Posted> {
  const { approval, ended } = request;
  const body = webhookBody(approval, deps.origin(), deps.targetMetadata(approval.target));
  const nonce = randomBytes(16).toString('hex');
  for (let attempt = 0; ; attempt += 1) {
    if (ended.aborted) return { kind: 'failed', why: 'The request was over before it could be sent.' };
    const timestamp = Math.floor(deps.clock.now() / 1000);
    const signed = { id: approval.id, digest: approval.digest, nonce, expiresAt: approval.expires_at, timestamp, secret: config.secret };
    // SECURITY: what cannot be recorded is not sent.
    await deps.events.record('webhook.requested', 'webhook', request, {
      to: config.endpoint.shown,
      nonce,
      attempt: attempt + 1,
      body_sha256: sha256Hex(body),
    });
    const posted = await deps.poster.post({
      ...config,
      headers: webhookHeaders(body, signed),
      body,
      maxBytes: maxAnswerBytes,
      bodyMs,
      signal: ended,
    });
    const wait = retryAfterMs[attempt];
    if (posted.kind !== 'unsent' || wait === undefined) return posted;
    await pause(deps.clock, wait, ended);
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

async function take(
  deps: WebhookDeciderDeps,
  request: PutRequest,
  config: WebhookConfig,
  posted: Extract<Posted, { kind: 'answer' }>,
): Promise<void> {
  const answer = readWebhookAnswer(posted);
  const { approval } = request;
  await deps.events.record('webhook.answered', 'webhook', request, {
    status: posted.status,
    bytes: posted.body.byteLength,
    body_sha256: sha256Hex(posted.body),
    answer: answer.kind,
    reason: wordsOf(answer),
  });
  if (answer.kind === 'none') return;
  try {
    const by = `webhook ${config.endpoint.host}`;
    await deps.broker.decide({
      id: approval.id,
      digest: approval.digest,
      result: answer.kind,
      channel: 'webhook',
      by,
      reason: wordsOf(answer),
    });
  } catch (error) {
    // It lost the race, or its time was over; the log says so beside its answer.
    if (!(error instanceof AppError)) throw error;
    await deps.events.record('webhook.failed', 'webhook', request, { why: error.message });
  }
}

function wordsOf(answer: WebhookAnswer): string {
  if (answer.kind === 'approved') return 'The approval webhook said yes.';
  return answer.kind === 'denied' ? answer.reason : answer.why;
}
