import type { Approval } from '../../../shared/domain/approval.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { encodeForDisplay } from '../../../shared/display-encoder.ts';
import { redactArguments } from '../secrets/redact.ts';
import { chatLine, chatText, type Chat } from './chat-text.ts';

export interface ChatMessage {
  readonly body: JsonObject;
  /** Whether it has the button that approves. */
  readonly isApprovable: boolean;
}

const elsewhere = (approval: Approval): string =>
  `It cannot be shown here in full, so it cannot be approved here. Decide in the Gatehouse window, or look at it with: gatehouse approvals show ${approval.id}`;
const watchOnly = (approval: Approval): string => `Decide in the Gatehouse window, or with: gatehouse approvals show ${approval.id}`;

/** What a button says when it is pressed: exactly the request that stands above it. */
export const buttonValue = (approval: Pick<Approval, 'id' | 'digest'>): string => `${approval.id}:${approval.digest}`;

/** The message for one request. `mayDecide`: whether answers can come back and count. */
export function chatMessage(approval: Approval, chat: Chat, mayDecide: boolean): ChatMessage {
  const { text, isWhole } = chatText(approval, chat);
  const isApprovable = mayDecide && isWhole;
  const notes = isApprovable ? '' : `\n${chatLine(mayDecide ? elsewhere(approval) : watchOnly(approval), chat)}`;
  const parts = { approval, text: `${text}${notes}`, buttons: mayDecide ? (isApprovable ? 'both' : 'deny') : 'none' } as const;
  return { body: chat === 'slack' ? slackBody(parts) : discordBody(parts), isApprovable };
}

interface Parts {
  readonly approval: Approval;
  readonly text: string;
  readonly buttons: 'both' | 'deny' | 'none';
}

function slackBody({ approval, text, buttons }: Parts): JsonObject {
  const button = (action: string, label: string, style: string): JsonObject => ({
    type: 'button',
    action_id: action,
    text: { type: 'plain_text', text: label, emoji: false },
    style,
    value: buttonValue(approval),
  });
  const elements = [
    ...(buttons === 'both' ? [button('gatehouse_approve', 'Approve once', 'primary')] : []),
    ...(buttons === 'none' ? [] : [button('gatehouse_deny', 'Deny', 'danger')]),
  ];
  return {
    text: chatLine(`Gatehouse: ${approval.agent} asks to use ${approval.tool} (risk ${approval.risk})`, 'slack'),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: { type: 'plain_text', text, emoji: false } },
      ...(elements.length === 0 ? [] : [{ type: 'actions', block_id: approval.id, elements }]),
    ],
  };
}

/** No mention, no embed: the flag 4 suppresses previews of addresses. */
const suppressEmbeds = 4;

function discordBody({ approval, text, buttons }: Parts): JsonObject {
  const button = (action: string, label: string, style: number): JsonObject => ({
    type: 2,
    style,
    label,
    custom_id: `${action}:${buttonValue(approval)}`,
  });
  const components = [
    ...(buttons === 'both' ? [button('approve', 'Approve once', 3)] : []),
    ...(buttons === 'none' ? [] : [button('deny', 'Deny', 4)]),
  ];
  return {
    content: text,
    allowed_mentions: { parse: [] },
    flags: suppressEmbeds,
    ...(components.length === 0 ? {} : { components: [{ type: 1, components }] }),
  };
}

const severities = { low: 'info', moderate: 'warning', high: 'error', critical: 'critical' } as const;

/** A PagerDuty alert (Events API v2). It tells and does not decide: acknowledging means "I am looking", never yes. */
export function pagerAlert(approval: Approval, routingKey: string, gatewayId: string): JsonObject {
  const line = (text: string): string => encodeForDisplay(text).slice(0, 1000);
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: approval.id,
    client: 'Gatehouse',
    payload: {
      summary: line(`${approval.agent} asks to use ${approval.tool} (risk ${approval.risk})`),
      source: line(gatewayId),
      severity: severities[approval.risk],
      timestamp: approval.created_at,
      custom_details: {
        arguments: line(JSON.stringify(redactArguments(approval.arguments))),
        target: line(approval.target),
        asked_by: line(`${approval.rule}: ${approval.reason}`),
        until: approval.expires_at,
        digest: approval.digest,
        decide: watchOnly(approval),
      },
    },
  };
}

/** Ends the alert of a request that no longer waits. */
export const pagerResolved = (approval: Pick<Approval, 'id'>, routingKey: string): JsonObject => ({
  routing_key: routingKey,
  event_action: 'resolve',
  dedup_key: approval.id,
});
