import { z } from 'zod';

/** Who may answer a request. Words as `approvals.mode` has them. */
export const ApprovalMode = z.enum(['window', 'webhook', 'both', 'both-required']);
export type ApprovalMode = z.infer<typeof ApprovalMode>;

const secretFile = (what: string) =>
  z
    .string()
    .max(1000)
    .default('')
    .describe(`Where ${what} is: the absolute path of a file that only you can read (0600), or env:NAME. Never the secret itself.`);

const approvers = (whose: string) =>
  z
    .array(z.string().regex(/^[A-Za-z0-9]{1,40}$/))
    .max(50)
    .default([])
    .describe(`${whose} who may decide. Empty: nobody; messages then come without buttons.`);

const webhook = z
  .strictObject({
    url: z
      .string()
      .max(2000)
      .default('')
      .describe('Where requests are posted for a decision: https. Empty, or no such address: no webhook, and what needs one is denied.'),
    secret_file: secretFile('the secret that signs each request (empty: webhook.secret in the data directory, made at the first start)'),
    ca_file: z
      .string()
      .max(1000)
      .default('')
      .describe('A PEM file with the certificates to trust instead of the public ones. Empty: the public ones.'),
    allow_local: z
      .boolean()
      .default(false)
      .describe(
        'The webhook may have an address of this machine or of your own networks, Tailscale’s among them. Plain http is accepted only with this, and only on this machine itself.',
      ),
  })
  .prefault({});

const slack = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Send each request to a Slack channel.'),
    url_file: secretFile('the incoming-webhook URL of the Slack app'),
    signing_secret_file: secretFile('the signing secret of the Slack app'),
    approvers: approvers('Slack member ids'),
  })
  .prefault({});

const discord = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Send each request to a Discord channel.'),
    bot_token_file: secretFile('the bot token of the Discord application'),
    channel_id: z
      .string()
      .regex(/^[0-9]{0,20}$/)
      .default('')
      .describe('The id of the Discord channel.'),
    public_key: z
      .string()
      .regex(/^([0-9a-f]{64})?$/)
      .default('')
      .describe('The public key of the Discord application, 64 hexadecimal digits.'),
    approvers: approvers('Discord user ids'),
  })
  .prefault({});

const pagerduty = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Open a PagerDuty alert for each request. It tells; it does not decide.'),
    routing_key_file: secretFile('the integration key (Events API v2) of the PagerDuty service'),
  })
  .prefault({});

const callbacks = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Listen on 127.0.0.1 for the signed answers of Slack and Discord. You bring the tunnel.'),
    port: z.number().int().min(1).max(65535).default(9878).describe('Port of that listener.'),
    host: z
      .string()
      .max(253)
      .regex(/^[a-z0-9.:-]*$/)
      .default('')
      .describe('The Host header that your tunnel sends. Empty: only 127.0.0.1 and localhost with the port.'),
  })
  .prefault({});

/** Who else than the window is asked, and how. */
export const DeciderSettings = z.strictObject({
  gateway_id: z.string().max(100).default('').describe('The name of this gateway in requests. Empty: the name of this machine.'),
  owner: z.string().max(100).default('').describe('Whose agents these are, as requests say it. Empty: your account’s name.'),
  webhook,
  slack,
  discord,
  pagerduty,
  callbacks,
});
export type DeciderSettings = z.infer<typeof DeciderSettings>;

/** Ways out of the window to a person who decides. */
export const OutsideChannel = z.enum(['webhook', 'slack', 'discord', 'pagerduty']);
export type OutsideChannel = z.infer<typeof OutsideChannel>;

/** A `SYSTEMMANAGER_*` variable that was found at start, and what became of it. */
export const AliasReport = z.strictObject({
  variable: z.string(),
  key: z.string().nullable().describe('The setting that it stands for; null when it has none.'),
  effect: z.enum(['applied', 'overruled', 'no_effect']).describe('`overruled`: settings.json names the same setting, and wins.'),
  detail: z.string(),
});
export type AliasReport = z.infer<typeof AliasReport>;

/** What `deciders.status` answers. Never a secret, nor where one is. */
export const DecidersStatus = z.strictObject({
  enabled: z.boolean(),
  mode: ApprovalMode,
  channels: z.array(
    z.strictObject({
      channel: OutsideChannel,
      state: z.enum(['off', 'ready', 'broken']),
      can_decide: z.boolean(),
      detail: z.string(),
    }),
  ),
  callbacks_url: z.string().nullable(),
  aliases: z.array(AliasReport),
});
export type DecidersStatus = z.infer<typeof DecidersStatus>;
