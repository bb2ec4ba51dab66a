import type { Clock } from '../core/ports/clock.ts';
import type { Store } from '../core/ports/store.ts';
import type { Policy } from '../core/policy/policy.ts';
import { createPolicyHistory, type PolicyHistory } from '../core/policy/policy-history.ts';
import type { ShellParser } from '../core/policy/shell-parser.ts';
import type { ToolRegistry } from '../core/tools/registry.ts';
import type { Offline } from './offline.ts';

interface Judgement {
  readonly policy: Policy;
  readonly registry: ToolRegistry;
  readonly shell: ShellParser;
}

export interface OfflineHistoryDeps {
  readonly judge: () => Promise<Judgement>;
  readonly log: () => Promise<Pick<Store, 'call' | 'judgedCalls' | 'counts'>>;
  readonly clock: Pick<Clock, 'now'>;
  readonly home: string;
}

/** Replays and the gardener over a data directory that no host has open. */
export function createOfflineHistory({ judge, log, clock, home }: OfflineHistoryDeps): Pick<Offline, 'replayPolicy' | 'gardenPolicy'> {
  let history: Promise<PolicyHistory> | null = null;
  const open = async (): Promise<PolicyHistory> => {
    const { policy, registry, shell } = await judge();
    return createPolicyHistory({ store: await log(), policy, shell, clock, home, tools: (name) => registry.get(name) });
  };
  return {
    async replayPolicy({ text, ...page }) {
      const { policy } = await judge();
      // One for all pages, so that the text is compiled once.
      history ??= open();
      return (await history).replay.page({ text: text ?? policy.text(), ...page });
    },
    gardenPolicy: async ({ text, stale_days, calls, least }) =>
      (await open()).gardener.garden({ text, staleDays: stale_days, calls, least }),
  };
}
