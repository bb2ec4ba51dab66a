import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { JsonValue } from '../../shared/json.ts';
import { parseStrictJson } from '../core/strict-json.ts';

/** A button that somebody pressed. */
export interface Press {
  readonly kind: 'press';
  readonly result: 'approved' | 'denied';
  /** As the message carried them; not yet looked up. */
  readonly id: string;
  readonly digest: string;
  readonly user: string;
}

/** `ping`: Discord asks whether we are there. `other`: signed, and nothing that we sent. */
export type Callback = Press | { readonly kind: 'ping' } | { readonly kind: 'other' };

const value = /^(apr_[a-z0-9]{16}):([0-9a-f]{64})$/;
const user = z.string().regex(/^[A-Za-z0-9]{1,40}$/);

// Both services add fields as they please: what is not read here is not looked at.
const SlackPayload = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: user }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string() })).length(1),
});
const DiscordPing = z.object({ type: z.literal(1) });
const DiscordPress = z.object({
  type: z.literal(3),
  data: z.object({ custom_id: z.string() }),
  member: z.object({ user: z.object({ id: user }) }).optional(),
  user: z.object({ id: user }).optional(),
});

const results: ReadonlyMap<string, Press['result']> = new Map([
  ['gatehouse_approve', 'approved'],
  ['gatehouse_deny', 'denied'],
  ['approve', 'approved'],
  ['deny', 'denied'],
]);

function press(action: string | undefined, carried: string, by: string | undefined): Callback {
  const result = results.get(action ?? '');
  const [, id, digest] = value.exec(carried) ?? [];
  if (result === undefined || id === undefined || digest === undefined || by === undefined) return { kind: 'other' };
  return { kind: 'press', result, id, digest, user: by };
}

/** Slack: a form with the one field `payload`, JSON inside. Null: not even that. */
export function readSlack(body: Uint8Array): Callback | null {
  const fields = [...new URLSearchParams(Buffer.from(body).toString('utf8'))];
  const [field] = fields;
  if (fields.length !== 1 || field?.[0] !== 'payload') return null;
  const json = strict(field[1]);
  if (json === undefined) return null;
  const payload = SlackPayload.safeParse(json);
  const action = payload.data?.actions[0];
  return payload.success && action !== undefined ? press(action.action_id, action.value, payload.data.user.id) : { kind: 'other' };
}

/** Discord: an interaction as JSON. Null: not even that. */
export function readDiscord(body: Uint8Array): Callback | null {
  const json = strict(body);
  if (json === undefined) return null;
  if (DiscordPing.safeParse(json).success) return { kind: 'ping' };
  const found = DiscordPress.safeParse(json);
  if (!found.success) return { kind: 'other' };
  const { data, member, user: direct } = found.data;
  const [, action, carried] = /^([a-z]+):(.+)$/.exec(data.custom_id) ?? [];
  return press(action, carried ?? '', member?.user.id ?? direct?.id);
}

function strict(source: string | Uint8Array): JsonValue | undefined {
  try {
    return parseStrictJson(source, { maxBytes: 65_536 });
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
