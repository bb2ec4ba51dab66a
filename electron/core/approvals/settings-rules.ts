import type { Settings } from '../../../shared/domain/settings.ts';
import type { ChatConfig, DeciderConfig, Found } from './decider-config.ts';
import type { DeciderRules } from './decider-rules.ts';

/** Who decides, by the settings. Somebody outside is there when the webhook is usable, or a chat whose answers can come back to us. */
export function createSettingsRules(settings: () => Settings, config: DeciderConfig): DeciderRules {
  return {
    isEnabled: () => settings().approvals.enabled,
    mode: () => settings().approvals.mode,
    async hasOutside() {
      if ((await config.webhook()).state === 'ready') return true;
      return settings().deciders.callbacks.enabled && [await config.slack(), await config.discord()].some(hasApprovers);
    },
  };
}

export const hasApprovers = (chat: Found<ChatConfig>): boolean => chat.state === 'ready' && chat.config.approvers.length > 0;
