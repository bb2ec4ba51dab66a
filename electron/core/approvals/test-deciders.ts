import { randomBytes } from 'node:crypto';
import type { OutsideChannel } from '../../../shared/domain/deciders.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { sha256Hex } from '../canonical-json.ts';
import { randomId } from '../identity/random-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpPoster, Post, Posted } from '../ports/http-poster.ts';
import { postMessage, repliedData } from './chat-deciders.ts';
import { pagerResolved } from './chat-message.ts';
import { chatLine, type Chat } from './chat-text.ts';
import type { DeciderConfig, WebhookConfig } from './decider-config.ts';
import type { DeciderEvents } from './decider-events.ts';
import { maxAnswerBytes, readWebhookAnswer } from './webhook-answer.ts';
import { webhookBody, webhookHeaders, type Origin } from './webhook-message.ts';

export interface DeciderTest {
  readonly channel: OutsideChannel;
  readonly ok: boolean;
  readonly detail: string;
}

export interface TestDeps {
  readonly config: DeciderConfig;
  readonly poster: HttpPoster;
  readonly events: DeciderEvents;
  readonly clock: Clock;
  readonly origin: () => Origin;
}

/** Milliseconds for one test. */
const testMs = 30_000;
const words = 'This is a test from Gatehouse. Nothing waits for an answer.';

/** Sends each channel that is on a request that stands for no call, and says what came back. */
export async function testDeciders(deps: TestDeps): Promise<readonly DeciderTest[]> {
  const { config } = deps;
  const [webhook, slack, discord, pager] = [await config.webhook(), await config.slack(), await config.discord(), await config.pagerduty()];
  const results: DeciderTest[] = [];
  if (webhook.state === 'ready') results.push(await testWebhook(deps, webhook.config));
  for (const [channel, chat] of [
    ['slack', slack],
    ['discord', discord],
  ] as const) {
    if (chat.state === 'ready') results.push(await testChannel(deps, channel, chat.config, chatTest(channel)));
  }
  if (pager.state === 'ready') {
    // Resolving what was never opened reaches the service and wakes nobody.
    const body = pagerResolved({ id: randomId('apr', 16) as Parameters<typeof pagerResolved>[0]['id'] }, pager.config.routingKey);
    results.push(await testChannel(deps, 'pagerduty', { ...pager.config, headers: {} }, body));
  }
  for (const [channel, found] of [
    ['webhook', webhook],
    ['slack', slack],
    ['discord', discord],
    ['pagerduty', pager],
  ] as const) {
    if (found.state === 'broken') results.push({ channel, ok: false, detail: found.why });
  }
  return results;
}

async function testWebhook(deps: TestDeps, config: WebhookConfig): Promise<DeciderTest> {
  const call = { tool: 'gatehouse_test', arguments: { message: words }, target: 'local', risk: 'low' } as const;
  const body = webhookBody(call, deps.origin(), {});
  const now = deps.clock.now();
  const headers = webhookHeaders(body, {
    id: randomId('apr', 16),
    digest: sha256Hex(randomBytes(32)),
    nonce: randomBytes(16).toString('hex'),
    expiresAt: new Date(now + testMs).toISOString(),
    timestamp: Math.floor(now / 1000),
    secret: config.secret,
  });
  await deps.events.recordTest('webhook.requested', 'webhook', { to: config.endpoint.shown, body_sha256: sha256Hex(body) });
  const posted = await deps.poster.post({
    ...config,
    headers: { ...headers, 'Gatehouse-Test': 'true' },
    body,
    maxBytes: maxAnswerBytes,
    bodyMs: testMs,
    signal: AbortSignal.timeout(testMs),
  });
  const answer = posted.kind === 'answer' ? readWebhookAnswer(posted) : { kind: 'none' as const, why: posted.why };
  const isOk = answer.kind !== 'none';
  const detail = isOk ? `It answered ${answer.kind}; nothing was decided by that.` : answer.why;
  await deps.events.recordTest(isOk ? 'webhook.answered' : 'webhook.failed', 'webhook', { answer: answer.kind, detail });
  return { channel: 'webhook', ok: isOk, detail };
}

function chatTest(chat: Chat): JsonObject {
  const text = chatLine(words, chat);
  return chat === 'slack' ? { text } : { content: text, allowed_mentions: { parse: [] } };
}

async function testChannel(
  deps: TestDeps,
  channel: Exclude<OutsideChannel, 'webhook'>,
  to: Pick<Post, 'endpoint' | 'reach' | 'headers'>,
  message: JsonObject,
): Promise<DeciderTest> {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  await deps.events.recordTest('webhook.requested', channel, { to: to.endpoint.host, body_sha256: sha256Hex(body) });
  const posted: Posted = await postMessage(deps.poster, { ...to, signal: AbortSignal.timeout(testMs) }, body);
  const { isSent, words: detail, fields } = repliedData(posted);
  await deps.events.recordTest(isSent ? 'webhook.answered' : 'webhook.failed', channel, fields);
  return { channel, ok: isSent, detail };
}
