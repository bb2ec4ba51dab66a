import type { DeciderSettings } from '../../../shared/domain/deciders.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import { readEndpoint, type Endpoint } from '../egress/endpoint.ts';
import type { NamedService } from '../ports/egress.ts';
import type { SecretSource } from '../ports/secret-source.ts';

/** A way to a decider as the settings and the secrets that they name make it now. */
export type Found<T> =
  | { readonly state: 'ready'; readonly config: T }
  | { readonly state: 'off'; readonly why: string }
  | { readonly state: 'broken'; readonly why: string };

export interface WebhookConfig {
  readonly endpoint: Endpoint;
  readonly reach: NamedService['reach'];
  readonly secret: string;
  readonly ca: string | null;
}

/** A chat: where messages go, what signs its answers, and who in it may decide. */
export interface ChatConfig {
  readonly endpoint: Endpoint;
  readonly reach: NamedService['reach'];
  readonly headers: Readonly<Record<string, string>>;
  /** The signing secret of Slack; the public key of Discord. */
  readonly verifier: string;
  readonly approvers: readonly string[];
}

export interface PagerConfig {
  readonly endpoint: Endpoint;
  readonly reach: NamedService['reach'];
  readonly routingKey: string;
}

/** Where the services are. Tests put servers of their own there. */
export interface ServiceAddresses {
  readonly discord: string;
  readonly pagerduty: string;
  /** What the address of a Slack webhook must begin with. */
  readonly slack: string;
  readonly reach: NamedService['reach'];
}

export const publicServices: ServiceAddresses = {
  discord: 'https://discord.com/api/v10',
  pagerduty: 'https://events.pagerduty.com/v2/enqueue',
  slack: 'https://hooks.slack.com/',
  reach: 'public',
};

export interface DeciderConfigDeps {
  readonly settings: () => Settings;
  readonly secrets: Pick<SecretSource, 'read' | 'certificates'>;
  /** The secret that is used when the settings name none. */
  readonly ownSecretFile: string;
  readonly services: ServiceAddresses;
}

/** Reads settings and secrets anew each time, so that what is mended takes effect at once. Nothing is kept. */
export interface DeciderConfig {
  webhook(): Promise<Found<WebhookConfig>>;
  slack(): Promise<Found<ChatConfig>>;
  discord(): Promise<Found<ChatConfig>>;
  pagerduty(): Promise<Found<PagerConfig>>;
}

/** A shorter one could be guessed. */
const leastSecret = 16;

export function createDeciderConfig({ settings, secrets, ownSecretFile, services }: DeciderConfigDeps): DeciderConfig {
  const deciders = (): DeciderSettings => settings().deciders;
  const off = { state: 'off', why: 'It is not enabled.' } as const;

  async function secret(key: string, reference: string): Promise<Found<string>> {
    if (reference === '') return { state: 'broken', why: `${key} is not set.` };
    const found = await secrets.read(reference);
    return found.ok ? { state: 'ready', config: found.value } : { state: 'broken', why: `${key}: ${found.why}.` };
  }

  return {
    async webhook() {
      const { url, secret_file, ca_file, allow_local } = deciders().webhook;
      if (url === '') return { state: 'off', why: 'deciders.webhook.url is empty.' };
      const read = readEndpoint(url, allow_local);
      if (!read.ok) return { state: 'broken', why: `deciders.webhook.url: ${read.why}.` };
      const signing = await secret('deciders.webhook.secret_file', secret_file === '' ? ownSecretFile : secret_file);
      if (signing.state !== 'ready') return signing;
      if (signing.config.length < leastSecret)
        return {
          state: 'broken',
          why: `deciders.webhook.secret_file: the secret must have at least ${leastSecret.toString()} characters.`,
        };
      const ca = ca_file === '' ? null : await secrets.certificates(ca_file);
      if (ca?.ok === false) return { state: 'broken', why: `deciders.webhook.ca_file: ${ca.why}.` };
      const config = { endpoint: read.endpoint, reach: allow_local ? ('private' as const) : ('public' as const), secret: signing.config };
      return { state: 'ready', config: { ...config, ca: ca?.value ?? null } };
    },

    async slack() {
      const { enabled, url_file, signing_secret_file, approvers } = deciders().slack;
      if (!enabled) return off;
      const url = await secret('deciders.slack.url_file', url_file);
      if (url.state !== 'ready') return url;
      const read = readEndpoint(url.config, services.slack.startsWith('http:'));
      if (!read.ok || !url.config.startsWith(services.slack))
        return { state: 'broken', why: `deciders.slack.url_file does not hold an address under ${services.slack}.` };
      const signing = await secret('deciders.slack.signing_secret_file', signing_secret_file);
      if (signing.state !== 'ready') return signing;
      return {
        state: 'ready',
        config: { endpoint: read.endpoint, reach: services.reach, headers: {}, verifier: signing.config, approvers },
      };
    },

    async discord() {
      const { enabled, bot_token_file, channel_id, public_key, approvers } = deciders().discord;
      if (!enabled) return off;
      if (channel_id === '' || public_key === '')
        return { state: 'broken', why: 'deciders.discord.channel_id and deciders.discord.public_key must be set.' };
      const token = await secret('deciders.discord.bot_token_file', bot_token_file);
      if (token.state !== 'ready') return token;
      const read = readEndpoint(`${services.discord}/channels/${channel_id}/messages`, services.discord.startsWith('http:'));
      if (!read.ok) return { state: 'broken', why: read.why };
      const headers = { authorization: `Bot ${token.config}` };
      return { state: 'ready', config: { endpoint: read.endpoint, reach: services.reach, headers, verifier: public_key, approvers } };
    },

    async pagerduty() {
      const { enabled, routing_key_file } = deciders().pagerduty;
      if (!enabled) return off;
      const key = await secret('deciders.pagerduty.routing_key_file', routing_key_file);
      if (key.state !== 'ready') return key;
      const read = readEndpoint(services.pagerduty, services.pagerduty.startsWith('http:'));
      if (!read.ok) return { state: 'broken', why: read.why };
      return { state: 'ready', config: { endpoint: read.endpoint, reach: services.reach, routingKey: key.config } };
    },
  };
}
