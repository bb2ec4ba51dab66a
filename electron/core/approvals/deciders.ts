import type { AliasReport, DecidersStatus, OutsideChannel } from '../../../shared/domain/deciders.ts';
import type { Settings } from '../../../shared/domain/settings.ts';
import type { ApprovalBroker, PutRequest } from './approval-broker.ts';
import { tellChat, tellPager, type ChatDeciderDeps } from './chat-deciders.ts';
import type { DeciderConfig } from './decider-config.ts';
import { testDeciders, type DeciderTest } from './test-deciders.ts';
import { askWebhook, type WebhookDeciderDeps } from './webhook-decider.ts';

export interface DecidersDeps extends Omit<WebhookDeciderDeps, 'config' | 'broker'>, Omit<ChatDeciderDeps, 'config'> {
  readonly broker: Pick<ApprovalBroker, 'decide' | 'onPut'>;
  readonly settings: () => Settings;
  readonly config: DeciderConfig;
  /** Null while nothing listens for the answers of chats. */
  readonly callbacksUrl: () => string | null;
  readonly aliases: () => readonly AliasReport[];
  readonly onError: (message: string, error: unknown) => void;
}

/** Everybody outside the window who is told of requests, and may answer as far as `approvals.mode` says. */
export interface Deciders {
  start(): void;
  /** Waits for what is under way; the requests themselves have ended by then. */
  stop(): Promise<void>;
  status(): Promise<DecidersStatus>;
  /** Sends every channel that is on a harmless message. Nothing that comes back decides anything. */
  test(): Promise<readonly DeciderTest[]>;
}

export function createDeciders(deps: DecidersDeps): Deciders {
  const running = new Set<Promise<void>>();
  let unsubscribe: (() => void) | null = null;

  function run(channel: OutsideChannel, work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => deps.onError(`A request could not be put to ${channel}.`, error))
      .finally(() => running.delete(tracked));
    running.add(tracked);
  }

  function put(request: PutRequest): void {
    if (deps.settings().approvals.mode !== 'window') run('webhook', askWebhook(deps, request));
    run('slack', tellChat(deps, 'slack', request));
    run('discord', tellChat(deps, 'discord', request));
    run('pagerduty', tellPager(deps, request));
  }

  return {
    start() {
      unsubscribe = deps.broker.onPut(put);
    },
    async stop() {
      unsubscribe?.();
      unsubscribe = null;
      while (running.size > 0) await Promise.all(running);
    },
    async status() {
      const { approvals } = deps.settings();
      return {
        enabled: approvals.enabled,
        mode: approvals.mode,
        channels: await channelsOf(deps),
        callbacks_url: deps.callbacksUrl(),
        aliases: [...deps.aliases()],
      };
    },
    test: async () => await testDeciders(deps),
  };
}

async function channelsOf({ config, settings }: Pick<DecidersDeps, 'config' | 'settings'>): Promise<DecidersStatus['channels']> {
  const { approvals, deciders } = settings();
  const isAsked = approvals.enabled && approvals.mode !== 'window';
  const webhook = await config.webhook();
  const chats = [['slack', await config.slack()] as const, ['discord', await config.discord()] as const];
  const pager = await config.pagerduty();
  return [
    {
      channel: 'webhook',
      state: webhook.state,
      can_decide: webhook.state === 'ready' && isAsked,
      detail: webhook.state === 'ready' ? `Requests go to ${webhook.config.endpoint.shown}.` : webhook.why,
    },
    ...chats.map(([channel, chat]) => {
      const canDecide = chat.state === 'ready' && chat.config.approvers.length > 0 && deciders.callbacks.enabled && isAsked;
      const words = canDecide ? 'Messages have buttons.' : 'Messages tell of requests; nothing can be decided there.';
      return { channel, state: chat.state, can_decide: canDecide, detail: chat.state === 'ready' ? words : chat.why };
    }),
    {
      channel: 'pagerduty' as const,
      state: pager.state,
      can_decide: false,
      detail: pager.state === 'ready' ? 'Alerts tell of requests; nothing can be decided there.' : pager.why,
    },
  ];
}
