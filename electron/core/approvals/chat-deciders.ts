import type { OutsideChannel } from '../../../shared/domain/deciders.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { sha256Hex } from '../canonical-json.ts';
import type { HttpPoster, Post, Posted } from '../ports/http-poster.ts';
import type { PutRequest } from './approval-broker.ts';
import { chatMessage, pagerAlert, pagerResolved } from './chat-message.ts';
import type { Chat } from './chat-text.ts';
import type { DeciderConfig } from './decider-config.ts';
import type { DeciderEvents } from './decider-events.ts';
import type { ShownRequests } from './shown-requests.ts';
import type { Origin } from './webhook-message.ts';

export interface ChatDeciderDeps {
  readonly settings: () => Settings;
  readonly config: Pick<DeciderConfig, Chat | 'pagerduty'>;
  readonly poster: HttpPoster;
  readonly events: DeciderEvents;
  readonly shown: ShownRequests;
  readonly origin: () => Origin;
}

/** Milliseconds for one message, and bytes of what a service answers. */
const sendMs = 20_000;
const maxReplyBytes = 262_144;

/** Shows one request in a chat; the answer comes later, signed, to the callback listener. */
export async function tellChat(deps: ChatDeciderDeps, chat: Chat, request: PutRequest): Promise<void> {
  const found = await deps.config[chat]();
  if (found.state === 'off') return;
  if (found.state === 'broken') return await deps.events.record('webhook.failed', chat, request, { why: found.why });
  const { approval, ended } = request;
  const { approvals, deciders } = deps.settings();
  const mayDecide = deciders.callbacks.enabled && found.config.approvers.length > 0 && approvals.mode !== 'window';
  const { body, isApprovable } = chatMessage(approval, chat, mayDecide);
  // Before it is sent: an answer may come before the service has confirmed the message.
  if (mayDecide) deps.shown.show(chat, { id: approval.id, digest: approval.digest, isApprovable }, ended);
  await send(deps, chat, request, body, { ...found.config, signal: AbortSignal.any([ended, AbortSignal.timeout(sendMs)]) });
}

/** Opens an alert, and resolves it when the request is over. */
export async function tellPager(deps: ChatDeciderDeps, request: PutRequest): Promise<void> {
  const found = await deps.config.pagerduty();
  if (found.state === 'off') return;
  if (found.state === 'broken') return await deps.events.record('webhook.failed', 'pagerduty', request, { why: found.why });
  const { routingKey, ...to } = found.config;
  const post = (): Omit<Post, 'body' | 'ca' | 'maxBytes' | 'bodyMs'> => ({ ...to, headers: {}, signal: AbortSignal.timeout(sendMs) });
  await send(deps, 'pagerduty', request, pagerAlert(request.approval, routingKey, deps.origin().gatewayId), post());
  await new Promise<void>((resolve) => {
    if (request.ended.aborted) resolve();
    else request.ended.addEventListener('abort', () => resolve(), { once: true });
  });
  await send(deps, 'pagerduty', request, pagerResolved(request.approval, routingKey), post());
}

async function send(
  deps: ChatDeciderDeps,
  channel: Exclude<OutsideChannel, 'webhook'>,
  request: PutRequest,
  message: JsonObject,
  post: Pick<Post, 'endpoint' | 'reach' | 'headers' | 'signal'>,
): Promise<void> {
  // SECURITY: the log gets what the service is shown as a hash and a host: its address may itself be a key.
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  await deps.events.record('webhook.requested', channel, request, { to: post.endpoint.host, body_sha256: sha256Hex(body) });
  const posted = await postMessage(deps.poster, post, body);
  const data = repliedData(posted);
  await deps.events.record(data.isSent ? 'webhook.answered' : 'webhook.failed', channel, request, data.fields);
}

/** One message to a service that answers with its status only. */
export async function postMessage(
  poster: HttpPoster,
  { endpoint, reach, headers, signal }: Pick<Post, 'endpoint' | 'reach' | 'headers' | 'signal'>,
  body: Uint8Array,
): Promise<Posted> {
  const named = { 'content-type': 'application/json', 'user-agent': 'Gatehouse (approvals)', ...headers };
  return await poster.post({ endpoint, reach, headers: named, body, ca: null, maxBytes: maxReplyBytes, bodyMs: sendMs, signal });
}

/** What a service's reply says: nothing but that it took the message. */
export function repliedData(posted: Posted): { readonly isSent: boolean; readonly words: string; readonly fields: JsonObject } {
  if (posted.kind !== 'answer') return { isSent: false, words: posted.why, fields: { why: posted.why } };
  const { status } = posted;
  if (status >= 200 && status < 300) return { isSent: true, words: 'The service took the message.', fields: { status, answer: 'sent' } };
  const why = `the service answered with status ${status.toString()}`;
  return { isSent: false, words: why, fields: { status, why } };
}
