import { hostname, userInfo } from 'node:os';
import { createCallbacks, type Callbacks } from '../callbacks/callbacks.ts';
import { createDeciderEvents } from '../core/approvals/decider-events.ts';
import { createDeciders, type Deciders } from '../core/approvals/deciders.ts';
import { createShownRequests } from '../core/approvals/shown-requests.ts';
import type { GatehouseOptions } from './gatehouse.ts';
import type { Product } from './product.ts';
import type { World } from './world.ts';

/** Deciders beyond the window, and the listener for what comes back from chats. */
export function createOutside(
  world: World,
  { broker, targets, deciderConfig: config }: Product,
  options: GatehouseOptions,
): { readonly deciders: Deciders; readonly callbacks: Callbacks } {
  const { store, bus, clock, settings, poster } = world;
  const shown = createShownRequests();
  const events = createDeciderEvents({ store, bus });
  const callbacks = createCallbacks({
    broker,
    config,
    shown,
    settings: () => settings.read().deciders.callbacks,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    onAnswered: async (channel, data) => await world.record('webhook.answered', 'operator', { channel, ...data }),
    onRefused: (data) => world.recordOrLog('callback.refused', data),
    log: options.log,
  });
  const deciders = createDeciders({
    broker,
    config,
    shown,
    events,
    poster,
    clock,
    settings: () => settings.read(),
    origin: () => {
      const { owner, gateway_id } = settings.read().deciders;
      return { user: owner === '' ? userInfo().username : owner, gatewayId: gateway_id === '' ? hostname() : gateway_id };
    },
    targetMetadata: (target) => targets.metadata(target),
    callbacksUrl: () => callbacks.url(),
    aliases: () => settings.aliases(),
    onError: options.log,
  });
  return { deciders, callbacks };
}
